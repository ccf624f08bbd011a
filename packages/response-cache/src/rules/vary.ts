import { normalizeAcceptEncoding } from './accept-encoding.ts'
import { fieldValue } from './message.ts'
import type { CacheRequest, HeaderFields } from './message.ts'

/** More selecting fields than this, and hardly two requests are alike. */
const MAX_NAMES = 16
const NONE: readonly string[] = Object.freeze([])
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Lists of names with weights, in which white space and the case of letters mean nothing (RFC 9110 §12.5). */
const WEIGHTED_NAMES = new Set(['accept-language', 'accept-charset'])

/**
 * The request fields that select a response, sorted and each once; undefined where nothing can match: `*`, names that are
 * none, too many (RFC 9111 §4.1).
 */
export function varyNames(headers: HeaderFields): readonly string[] | undefined {
  const field = fieldValue(headers, 'vary')
  if (field === undefined) return NONE
  const names = new Set<string>()
  for (const member of field.toLowerCase().split(',')) {
    const name = member.trim()
    if (name === '') continue
    if (name === '*' || !FIELD_NAME.test(name)) return undefined
    names.add(name)
  }
  return names.size > MAX_NAMES ? undefined : [...names].sort()
}

/**
 * The key of a variant under its URL: the selecting fields with this request's values, as JSON, so that no two tuples are
 * written alike. `''` where nothing selects. It holds header values in clear: hash it before it leaves the process.
 */
export function secondaryKey(vary: readonly string[], request: CacheRequest): string {
  if (vary.length === 0) return ''
  const tuple: (string | null)[] = []
  for (const name of vary) tuple.push(name, normalize(name, fieldValue(request.headers, name)))
  return JSON.stringify(tuple)
}

/** A missing field matches only a missing field: null. */
function normalize(name: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (name === 'accept-encoding') return normalizeAcceptEncoding(value)
  if (WEIGHTED_NAMES.has(name)) return value.toLowerCase().replace(/[ \t]+/g, '')
  return value.trim()
}
