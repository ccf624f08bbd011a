/**
 * The facts that the rules work on. Everything in this folder is a pure function of them: no clock is read, nothing is
 * kept. Instants are epoch milliseconds, durations milliseconds, header names lower case.
 */

/** Header fields as Fastify and undici hand them over: one value, or one for each line. */
export type HeaderFields = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Header fields as they are kept: without a prototype, numbers written out. */
export type StoredHeaders = Readonly<Record<string, string | readonly string[]>>

/** A name may be any token, `constructor` too: what has no prototype holds none by itself. */
const Headers = function () {} as unknown as new <Value>() => Record<string, Value>
Headers.prototype = Object.freeze(Object.create(null))

/** Header fields to be filled in. `Object.create(null)` would be a hash table, several times slower to make and to copy. */
export function emptyHeaders<Value>(): Record<string, Value> {
  return new Headers<Value>()
}

export interface CacheRequest {
  /** Upper case. */
  readonly method: string
  readonly headers: HeaderFields
  /**
   * Who asks, from all credentials of the request together: an API key's consumer, a digest of `Authorization`, where it has
   * both, both. Undefined: nobody in particular.
   */
  readonly consumer: string | undefined
}

export interface OriginResponse {
  readonly status: number
  readonly headers: HeaderFields
  /** When the request that it answers was sent. */
  readonly requestedAtMs: number
  /** When its head arrived. */
  readonly receivedAtMs: number
}

/** What a stored response is kept with: computed once, so that a hit costs a comparison. All of it survives JSON. */
export interface StoredFacts {
  /** Who may be given it, see `partition.ts`. */
  readonly partition: string
  /** Arrival less the corrected initial age: the current age is `now - bornAtMs` (RFC 9111 §4.2.3). */
  readonly bornAtMs: number
  readonly receivedAtMs: number
  /** Fresh while `now < freshUntilMs` (RFC 9111 §4.2). */
  readonly freshUntilMs: number
  /** `no-cache`: never reused without a successful validation (RFC 9111 §5.2.2.4). */
  readonly alwaysRevalidate: boolean
  /** `must-revalidate`, `proxy-revalidate`, `s-maxage` or `no-cache`: no request may ask for it stale (§4.2.4). */
  readonly staleForbidden: boolean
  /** How long after `freshUntilMs` it may be served while it is refreshed (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number
  /** How long after `freshUntilMs` it may stand in for an error (RFC 5861 §4). */
  readonly staleIfErrorMs: number
  /** RFC 8246: a reload while fresh needs no validation. */
  readonly immutable: boolean
  /** The entity tag as received, `W/` included. */
  readonly etag: string | undefined
  /** The Last-Modified date as received: validation echoes it byte for byte. */
  readonly lastModified: string | undefined
  /** The header fields that select it, sorted; never `*` (RFC 9111 §4.1). */
  readonly vary: readonly string[]
}

/** The head of a stored response; its body is the stores' business. */
export interface StoredResponse {
  readonly status: number
  readonly headers: StoredHeaders
  readonly facts: StoredFacts
}

/** What a route decides. Parsed once from its options; `policy.ts` has the defaults. */
export interface CachePolicy {
  /** Replaces the origin's freshness lifetime; what forbids storing or reuse still does. */
  readonly ttlMs: number | undefined
  /** The lifetime of a success or redirect whose origin says nothing; goes before heuristics. */
  readonly defaultTtlMs: number | undefined
  /** The lifetime by status where the origin says nothing: negative caching. */
  readonly statusTtlMs: Readonly<Record<number, number>>
  /** The share of the time since Last-Modified that counts as fresh (RFC 9111 §4.2.2); 0: no heuristics. */
  readonly heuristicFraction: number
  readonly heuristicMaxMs: number
  /** Clamps of a lifetime above zero: `max-age=0` means "validate" and is not lifted. */
  readonly minTtlMs: number
  readonly maxTtlMs: number
  /** Where the response names none and forbids none. */
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  /** Every consumer may be given every consumer's response. */
  readonly shared: boolean
  /** Keep and replay `Set-Cookie`; else such a response is not stored. */
  readonly storeSetCookie: boolean
  /** Whether the request's `Cache-Control` and `Pragma` count (RFC 9111 §5.2.1). */
  readonly requestDirectives: boolean
  /** Targeted fields (RFC 9213) in order of preference, lower case. */
  readonly targetedFields: readonly string[]
}

/** Why a request goes on to the origin, in the words of RFC 9211 §2.2. */
export type ForwardReason =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial'

/** One field's value with its lines combined as RFC 9110 §5.2 says. */
export function fieldValue(headers: HeaderFields, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined || typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : value.join(', ')
}
