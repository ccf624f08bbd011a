import type { Ajv, KeywordDefinition } from 'ajv'
import { parseRateNotation } from '../rate-limit/limit.ts'
import { parseBytes, parseDuration } from './units.ts'

interface Place {
  parentData: Record<string | number, unknown>
  parentDataProperty: string | number
}

/** A keyword that accepts what `parse` understands and puts the parsed value in its place. */
function unit(keyword: string, parse: (value: unknown) => unknown): KeywordDefinition {
  return {
    keyword,
    modifying: true,
    errors: false,
    validate: (_schema: unknown, value: unknown, _parent: unknown, place?: Place) => {
      const parsed = parse(value)
      if (parsed === undefined || place === undefined) return false
      place.parentData[place.parentDataProperty] = parsed
      return true
    },
  }
}

/** `http://host:port` without path, query or credentials; `unix:` for a socket. Undefined for anything else. */
function parseOrigin(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (/^unix:\/.+/.test(value)) return value
  if (!URL.canParse(value)) return undefined
  const url = new URL(value)
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  return bare && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined
}

/** `100-M` as `{ max, window }`; other values as they are. */
function parseRate(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const rate = parseRateNotation(value.trim())
  return rate === undefined ? undefined : { max: rate.max, window: rate.windowMs }
}

/** A list of what was written singly. `false` is no item but the absence of a list. */
function oneOrMany(value: unknown): unknown {
  if (value === true) return undefined
  return value === false || Array.isArray(value) ? value : [value]
}

/** What stands in the place of these keywords when they fail. */
export const expectations: Readonly<Record<string, string>> = {
  duration: "milliseconds, or a string such as '250ms', '30s', '5m'",
  bytes: "a number of bytes, or a string such as '64KB', '10MB'",
  origin: 'an origin such as http://10.0.0.1:8080, without path or credentials',
  rateNotation: "{ max, window }, or a string such as '100-M'",
}

/** Teaches Ajv durations, sizes, origins, rates, and lists that may be written as a single item. */
export function addKeywords(ajv: Ajv): void {
  ajv.addKeyword(unit('duration', parseDuration))
  ajv.addKeyword(unit('bytes', parseBytes))
  ajv.addKeyword(unit('origin', parseOrigin))
  ajv.addKeyword(unit('rateNotation', parseRate))
  ajv.addKeyword(unit('oneOrMany', oneOrMany))
  ajv.addKeyword({ keyword: 'expected', schemaType: 'string' })
}
