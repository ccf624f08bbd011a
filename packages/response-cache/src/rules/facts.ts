import { correctedInitialAgeMs } from './age.ts'
import { freshUntilMs } from './freshness.ts'
import type { CachePolicy, OriginResponse, StoredFacts } from './message.ts'
import type { ResponseDirectives } from './response-directives.ts'

/**
 * What a stored response is kept with, computed once when it arrives; undefined where nothing makes it storable
 * (RFC 9111 §3: no explicit freshness, no `public`, no heuristically cacheable status).
 */
export function factsOf(
  response: OriginResponse,
  directives: ResponseDirectives,
  targeted: boolean,
  policy: CachePolicy,
  partition: string,
  vary: readonly string[],
): StoredFacts | undefined {
  const { receivedAtMs } = response
  const bornAtMs = receivedAtMs - correctedInitialAgeMs(response)
  const alwaysRevalidate = directives.noCache === true
  const freshUntil = alwaysRevalidate
    ? receivedAtMs
    : freshUntilMs(response, directives, targeted, policy, bornAtMs)
  if (freshUntil === undefined) return undefined
  const ruledOut = alwaysRevalidate || directives.mustRevalidate || directives.proxyRevalidate
  // s-maxage implies proxy-revalidate (§5.2.2.10): it yields to a window that the same response names, to nothing else.
  const staleForbidden = ruledOut || directives.sMaxageMs !== undefined
  const window = (named: number | undefined, byRoute: number): number => {
    if (ruledOut) return 0
    return named ?? (staleForbidden ? 0 : byRoute)
  }
  return {
    partition,
    bornAtMs,
    receivedAtMs,
    freshUntilMs: freshUntil,
    alwaysRevalidate,
    staleForbidden,
    staleWhileRevalidateMs: window(directives.staleWhileRevalidateMs, policy.staleWhileRevalidateMs),
    staleIfErrorMs: window(directives.staleIfErrorMs, policy.staleIfErrorMs),
    immutable: directives.immutable,
    etag: firstLine(response, 'etag'),
    lastModified: firstLine(response, 'last-modified'),
    vary,
  }
}

/** Stale on arrival, not to be served stale, and nothing to validate it by. */
export function isUseless(facts: StoredFacts): boolean {
  return (
    facts.etag === undefined &&
    facts.lastModified === undefined &&
    servableUntilMs(facts) <= facts.receivedAtMs
  )
}

/** From then on a response is never given to anyone without a validation. */
export function servableUntilMs(facts: StoredFacts): number {
  return facts.freshUntilMs + Math.max(facts.staleWhileRevalidateMs, facts.staleIfErrorMs)
}

/** Facts that make a stored response stale from `now` on: what a soft purge leaves. Never makes it fresher. */
export function expire(facts: StoredFacts, now: number): StoredFacts {
  return now < facts.freshUntilMs ? { ...facts, freshUntilMs: now } : facts
}

/** A validator that was sent more than once identifies nothing. */
function firstLine(response: OriginResponse, name: string): string | undefined {
  const value = response.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
