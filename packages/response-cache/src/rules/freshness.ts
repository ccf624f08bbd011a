import { dateMs } from './age.ts'
import { parseHttpDate } from './http-date.ts'
import type { CachePolicy, OriginResponse } from './message.ts'
import type { ResponseDirectives } from './response-directives.ts'
import type { EffectiveDirectives } from './targeted.ts'
import { isError, isHeuristicallyCacheable } from './status.ts'

/**
 * Until when a response is fresh (RFC 9111 §4.2.1), or undefined where nothing says so. In order: the route's `ttl`,
 * `s-maxage`, `max-age`, Expires, the route's TTL of that status, its default TTL, heuristics. What the origin says counts
 * from the response's origination, what the route says from its arrival.
 */
export function freshUntilMs(
  response: OriginResponse,
  effective: EffectiveDirectives,
  policy: CachePolicy,
  bornAtMs: number,
): number | undefined {
  const { status, receivedAtMs } = response
  const explicitMs = explicitLifetimeMs(response, effective)
  const implicitly = allowsImplicitFreshness(status, effective.directives)
  // TTLs meant for answers must not keep an error alive.
  const answer = !isError(status)
  if (policy.ttlMs !== undefined && answer && (implicitly || explicitMs !== undefined)) {
    return receivedAtMs + clamp(policy.ttlMs, policy)
  }
  if (explicitMs !== undefined) return bornAtMs + clamp(explicitMs, policy)
  const routeMs = policy.statusTtlMs[status] ?? (answer && implicitly ? policy.defaultTtlMs : undefined)
  if (routeMs !== undefined) return receivedAtMs + clamp(routeMs, policy)
  const heuristicMs = implicitly ? heuristicLifetimeMs(response, policy) : 0
  return heuristicMs > 0 ? bornAtMs + clamp(heuristicMs, policy) : undefined
}

/** Whether the origin itself says how long the response is fresh. */
export function hasExplicitFreshness(response: OriginResponse, effective: EffectiveDirectives): boolean {
  return explicitLifetimeMs(response, effective) !== undefined
}

/** Whether a response may be stored without explicit freshness (RFC 9111 §3, §4.2.2). */
export function allowsImplicitFreshness(status: number, directives: ResponseDirectives): boolean {
  return directives.public || isHeuristicallyCacheable(status)
}

function explicitLifetimeMs(
  response: OriginResponse,
  { directives, targeted }: EffectiveDirectives,
): number | undefined {
  const byDirective = directives.sMaxageMs ?? directives.maxAgeMs
  if (byDirective !== undefined) return byDirective
  const expires = response.headers.expires
  // A targeted field replaces Expires as well (RFC 9213 §2.2).
  if (expires === undefined || targeted) return undefined
  const lines = Array.isArray(expires) ? expires : [expires]
  // An invalid date, "0" above all, and lines that differ stand for the past (§5.3).
  if (new Set(lines).size !== 1) return 0
  const expiresMs = parseHttpDate(String(lines[0]), response.receivedAtMs)
  return expiresMs === undefined ? 0 : Math.max(0, expiresMs - dateMs(response))
}

/** A share of the time since the last modification (RFC 9111 §4.2.2). */
function heuristicLifetimeMs(response: OriginResponse, policy: CachePolicy): number {
  const lastModified = response.headers['last-modified']
  if (typeof lastModified !== 'string') return 0
  const modifiedMs = parseHttpDate(lastModified, response.receivedAtMs)
  if (modifiedMs === undefined) return 0
  const unchangedMs = Math.max(0, dateMs(response) - modifiedMs)
  return Math.min(unchangedMs * policy.heuristicFraction, policy.heuristicMaxMs)
}

/** A lifetime of zero asks for validation: no route makes more of it. */
function clamp(lifetimeMs: number, policy: CachePolicy): number {
  return lifetimeMs <= 0 ? 0 : Math.min(Math.max(lifetimeMs, policy.minTtlMs), policy.maxTtlMs)
}
