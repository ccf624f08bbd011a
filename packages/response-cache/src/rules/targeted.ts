import { FOREVER_SECONDS } from './cache-control.ts'
import { fieldValue } from './message.ts'
import type { CachePolicy, HeaderFields } from './message.ts'
import { noDirectives, parseResponseDirectives, toFieldNames } from './response-directives.ts'
import type { Qualified, ResponseDirectives } from './response-directives.ts'
import { parseDictionary } from './structured-fields.ts'
import type { Dictionary } from './structured-fields.ts'

/** The directives in force, and whether a targeted field set them. */
export interface EffectiveDirectives {
  readonly directives: ResponseDirectives
  readonly targeted: boolean
}

/**
 * The directives of the first targeted field (RFC 9213) that is there, valid and not empty; else those of Cache-Control.
 * A targeted field replaces Cache-Control and Expires altogether (§2.2).
 */
export function effectiveDirectives(headers: HeaderFields, policy: CachePolicy): EffectiveDirectives {
  for (const name of policy.targetedFields) {
    const field = fieldValue(headers, name)
    const dictionary = field === undefined ? undefined : parseDictionary(field)
    if (dictionary !== undefined && dictionary.size > 0) {
      return { directives: fromDictionary(dictionary), targeted: true }
    }
  }
  return { directives: parseResponseDirectives(headers['cache-control']), targeted: false }
}

function fromDictionary(members: Dictionary): ResponseDirectives {
  return {
    ...noDirectives(),
    noStore: flag(members, 'no-store'),
    noCache: qualified(members, 'no-cache'),
    private: qualified(members, 'private'),
    public: flag(members, 'public'),
    mustRevalidate: flag(members, 'must-revalidate'),
    proxyRevalidate: flag(members, 'proxy-revalidate'),
    mustUnderstand: flag(members, 'must-understand'),
    immutable: flag(members, 'immutable'),
    maxAgeMs: duration(members, 'max-age'),
    sMaxageMs: duration(members, 's-maxage'),
    staleWhileRevalidateMs: duration(members, 'stale-while-revalidate'),
    staleIfErrorMs: duration(members, 'stale-if-error'),
  }
}

/** `?0` turns a directive off. Any other value turns it on: the stricter reading of what no flag should carry. */
function flag(members: Dictionary, name: string): boolean {
  const value = members.get(name)
  return value !== undefined && value !== false
}

function qualified(members: Dictionary, name: string): Qualified {
  const value = members.get(name)
  if (value === undefined || value === false) return false
  return typeof value === 'string' ? toFieldNames(value) : true
}

/** What is no Integer of at least 0 makes the response stale, as an invalid Cache-Control does (RFC 9111 §4.2.1). */
function duration(members: Dictionary, name: string): number | undefined {
  const value = members.get(name)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return 0
  return Math.min(value, FOREVER_SECONDS) * 1000
}
