import { correctedInitialAgeMs } from './age.ts'
import { allowsImplicitFreshness, freshUntilMs } from './freshness.ts'
import type { CachePolicy, OriginResponse, StoredFacts } from './message.ts'
import type { EffectiveDirectives } from './targeted.ts'

/**
 * What a stored response is kept with, computed once when it arrives. Undefined where it may not be stored (RFC 9111 §3: no
 * explicit freshness, no `public`, no heuristically cacheable status) or would be of no use: stale at once, not to be
 * served stale, and with nothing to validate it by.
 */
export function factsOf(
  response: OriginResponse,
  effective: EffectiveDirectives,
  policy: CachePolicy,
  partition: string,
  vary: readonly string[],
): StoredFacts | undefined {
  const { directives } = effective
  const bornAtMs = response.receivedAtMs - correctedInitialAgeMs(response)
  const untilMs = freshUntilMs(response, effective, policy, bornAtMs)
  if (untilMs === undefined && !allowsImplicitFreshness(response.status, directives)) return undefined
  const { receivedAtMs } = response
  const alwaysRevalidate = directives.noCache === true
  const ruledOut = alwaysRevalidate || directives.mustRevalidate || directives.proxyRevalidate
  // s-maxage implies proxy-revalidate (§5.2.2.10): it yields to a window that the same response names, to nothing else.
  const staleForbidden = ruledOut || directives.sMaxageMs !== undefined
  const window = (named: number | undefined, byRoute: number): number => {
    if (ruledOut) return 0
    return named ?? (staleForbidden ? 0 : byRoute)
  }
  const facts: StoredFacts = {
    partition,
    bornAtMs,
    receivedAtMs,
    freshUntilMs: alwaysRevalidate ? receivedAtMs : (untilMs ?? receivedAtMs),
    alwaysRevalidate,
    staleForbidden,
    staleWhileRevalidateMs: window(directives.staleWhileRevalidateMs, policy.staleWhileRevalidateMs),
    staleIfErrorMs: window(directives.staleIfErrorMs, policy.staleIfErrorMs),
    immutable: directives.immutable,
    etag: singleLine(response, 'etag'),
    lastModified: singleLine(response, 'last-modified'),
    vary,
  }
  // A validator alone is no reason to keep what says nothing of caching.
  const validated =
    (facts.etag ?? facts.lastModified) !== undefined && (untilMs !== undefined || alwaysRevalidate)
  return validated || servableUntilMs(facts) > receivedAtMs ? facts : undefined
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
function singleLine(response: OriginResponse, name: string): string | undefined {
  const value = response.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
