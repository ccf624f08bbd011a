import type { CachePolicy, CacheRequest, ForwardReason, StoredResponse } from './message.ts'
import { mayReceive } from './partition.ts'
import { hasOriginPrecondition } from './preconditions.ts'
import { parseRequestDirectives } from './request-directives.ts'
import type { RequestDirectives } from './request-directives.ts'
import { conditionalHeaders } from './revalidation.ts'
import { mayServeWhileRevalidating } from './stale.ts'

/** What to do with a request. Ages and times to live in ms. */
export type Decision =
  /** Answer from the cache. */
  | { readonly kind: 'fresh'; readonly ageMs: number; readonly ttlMs: number }
  /** Answer from the cache at once; `refresh`: and fetch a newer response beside it. */
  | { readonly kind: 'stale'; readonly ageMs: number; readonly ttlMs: number; readonly refresh: boolean }
  /** Ask the origin with these fields in place of the client's own conditions; 304 freshens what is stored. */
  | {
      readonly kind: 'revalidate'
      readonly forward: ForwardReason
      readonly headers: Readonly<Record<string, string>>
    }
  /** Ask the origin. */
  | { readonly kind: 'miss'; readonly forward: ForwardReason }
  /** `only-if-cached`, and nothing may be served: 504 (RFC 9111 §5.2.1.7). */
  | { readonly kind: 'gateway-timeout' }

/**
 * How a request is answered (RFC 9111 §4), given what is stored for its key. A request without directives that hits what
 * is fresh costs four look-ups and a comparison.
 */
export function decide(
  request: CacheRequest,
  stored: StoredResponse | undefined,
  policy: CachePolicy,
  now: number,
): Decision {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { kind: 'miss', forward: 'method' }
  if (hasOriginPrecondition(request)) return { kind: 'miss', forward: 'bypass' }
  const asked = policy.requestDirectives ? parseRequestDirectives(request.headers) : undefined
  const decision = decideAsAsked(request, stored, asked, now)
  const goesOn = decision.kind === 'miss' || decision.kind === 'revalidate'
  return goesOn && asked?.onlyIfCached === true ? { kind: 'gateway-timeout' } : decision
}

function decideAsAsked(
  request: CacheRequest,
  stored: StoredResponse | undefined,
  asked: RequestDirectives | undefined,
  now: number,
): Decision {
  if (stored === undefined || !mayReceive(request, stored.facts.partition)) {
    return { kind: 'miss', forward: 'miss' }
  }
  const { facts } = stored
  const ageMs = Math.max(0, now - facts.bornAtMs)
  const ttlMs = facts.freshUntilMs - now
  const forward = ttlMs > 0 ? 'request' : 'stale'
  // The answer may not be kept, so there is nothing to validate for.
  if (asked?.noStore === true) return { kind: 'miss', forward }
  if (asked !== undefined && refuses(asked, facts.immutable, ageMs, ttlMs)) {
    return { kind: 'revalidate', forward, headers: conditionalHeaders(facts) }
  }
  if (ttlMs > 0 && !facts.alwaysRevalidate) return { kind: 'fresh', ageMs, ttlMs }
  if (mayServeWhileRevalidating(facts, now)) return { kind: 'stale', ageMs, ttlMs, refresh: true }
  if (!facts.staleForbidden && -ttlMs <= (asked?.maxStaleMs ?? -1)) {
    return { kind: 'stale', ageMs, ttlMs, refresh: false }
  }
  return { kind: 'revalidate', forward: 'stale', headers: conditionalHeaders(facts) }
}

/** Whether the request will not have what is stored, fresh though it may be (RFC 9111 §5.2.1). */
function refuses(asked: RequestDirectives, immutable: boolean, ageMs: number, ttlMs: number): boolean {
  if (asked.noCache) return true
  // max-age=0 is a browser's reload, which immutable is there to answer (RFC 8246 §2).
  const tooOld = asked.maxAgeMs !== undefined && ageMs > asked.maxAgeMs + (asked.maxStaleMs ?? 0)
  if (tooOld && !(immutable && ttlMs > 0)) return true
  if (asked.minFreshMs !== undefined && ttlMs < asked.minFreshMs) return true
  // Whoever limits the age wants nothing stale, unless max-stale says so.
  return ttlMs <= 0 && asked.maxAgeMs !== undefined && asked.maxStaleMs === undefined
}
