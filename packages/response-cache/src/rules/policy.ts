import type { CachePolicy } from './message.ts'

const DAY_MS = 86_400_000

/** RFC 9111 as a shared cache, nothing added: what a route gets that says no more than "cache". */
export const defaultPolicy: CachePolicy = Object.freeze({
  ttlMs: undefined,
  defaultTtlMs: undefined,
  statusTtlMs: Object.freeze({}),
  heuristicFraction: 0.1,
  heuristicMaxMs: DAY_MS,
  minTtlMs: 0,
  maxTtlMs: 365 * DAY_MS,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  shared: false,
  storeSetCookie: false,
  requestDirectives: true,
  targetedFields: Object.freeze(['cdn-cache-control']),
})
