import type { FastifyRequest } from 'fastify'
import type { CacheEntry } from '../entry.ts'
import type { Flight } from '../flights.ts'
import type { ForwardReason } from '../rules/message.ts'
import type { Lookup } from '../store.ts'

/** What the look-up leaves for the hook that takes the answer. */
export type Exchange =
  /** The answer comes from the cache, and the stored one had no content type: none may be made up. */
  | { readonly kind: 'untyped' }
  /** The stored answer was handed out to stand in for the origin's; whoever asked for it sends it. */
  | { readonly kind: 'lent'; readonly forward: ForwardReason }
  /** Nothing to keep: only tell what happened. */
  | { readonly kind: 'bypass'; readonly forward: ForwardReason }
  /** A method that may change what is stored. */
  | { readonly kind: 'unsafe' }
  /** The request goes to the origin, and its answer may be kept. */
  | Fetch

export interface Fetch {
  readonly kind: 'fetch'
  readonly forward: ForwardReason
  readonly lookup: Lookup
  /** What is stored already: validated by this fetch, or standing in where it fails. */
  readonly stored: CacheEntry | undefined
  /** Whether this request asks the origin about `stored`: then a 304 is an answer to us, not to the client. */
  readonly validating: boolean
  readonly flight: Flight
  /** The latest invalidation known when it began. */
  readonly stamp: number
  readonly startedAtMs: number
  /** The response headers that plugins ahead had set by then: of this exchange, not of the answer. */
  readonly present: Readonly<Record<string, unknown>>
  /** The client's own conditions, which the origin does not see. */
  readonly conditions: ReadonlyMap<string, string | string[]>
}

/** Where a request keeps its exchange. */
export const kExchange: unique symbol = Symbol('sluice.response-cache.exchange')

interface Carrier {
  [kExchange]: Exchange | null
}

export function setExchange(request: FastifyRequest, exchange: Exchange): void {
  ;(request as unknown as Carrier)[kExchange] = exchange
}

/** The exchange, once: hooks that send may run again when one of them fails. */
export function takeExchange(request: FastifyRequest): Exchange | null {
  const carrier = request as unknown as Carrier
  const exchange = carrier[kExchange]
  if (exchange !== null) carrier[kExchange] = null
  return exchange
}

/** The fetch of this request, if there is one under way, gives way to a stored answer: those who wait for it go on. */
export function lendStored(request: FastifyRequest): Flight | undefined {
  const exchange = (request as unknown as Carrier)[kExchange]
  if (exchange?.kind !== 'fetch') return undefined
  setExchange(request, { kind: 'lent', forward: exchange.forward })
  return exchange.flight
}
