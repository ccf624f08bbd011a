import type { CachePolicy, CacheRequest, StoredFacts } from './message.ts'
import { parseRequestDirectives } from './request-directives.ts'

/** Whether a stale response may be served while it is refreshed in the background (RFC 5861 §3). */
export function mayServeWhileRevalidating(facts: StoredFacts, now: number): boolean {
  return !facts.alwaysRevalidate && now < facts.freshUntilMs + facts.staleWhileRevalidateMs
}

/**
 * Whether a stored response may stand in for a failure of its origin: a 5xx answer, a refused connection, a timeout, an
 * open breaker (RFC 5861 §4). The request may widen the window where the response does not forbid it.
 */
export function mayServeOnError(
  request: CacheRequest,
  facts: StoredFacts,
  policy: CachePolicy,
  now: number,
): boolean {
  if (facts.alwaysRevalidate) return false
  if (now < facts.freshUntilMs + facts.staleIfErrorMs) return true
  if (facts.staleForbidden || !policy.requestDirectives) return false
  const asked = parseRequestDirectives(request.headers)?.staleIfErrorMs ?? 0
  return now < facts.freshUntilMs + asked
}
