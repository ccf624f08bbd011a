import { factsOf } from './facts.ts'
import { hasExplicitFreshness } from './freshness.ts'
import type { CachePolicy, CacheRequest, OriginResponse, StoredResponse } from './message.ts'
import { partitionFor } from './partition.ts'
import { parseRequestDirectives } from './request-directives.ts'
import type { ResponseDirectives } from './response-directives.ts'
import { isUnderstood } from './status.ts'
import { namesField, storedHeaders } from './stored-headers.ts'
import { effectiveDirectives } from './targeted.ts'
import type { EffectiveDirectives } from './targeted.ts'
import { varyNames } from './vary.ts'

/** Why a response is not stored. */
export type NotStoredReason =
  | 'method'
  | 'status'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'must-understand'
  | 'authorization'
  | 'cookie'
  | 'set-cookie'
  | 'vary'
  | 'no-freshness'

export type Storability =
  | { readonly storable: true; readonly response: StoredResponse }
  | { readonly storable: false; readonly reason: NotStoredReason }

/** Whether this shared cache stores a response (RFC 9111 §3), and if so what it keeps of its head. */
export function storability(
  request: CacheRequest,
  response: OriginResponse,
  policy: CachePolicy,
): Storability {
  const effective = effectiveDirectives(response.headers, policy)
  const reason = requestObstacle(request, response, effective, policy)
  if (reason !== undefined) return { storable: false, reason }
  const partition = partitionFor(request, effective.directives, policy)
  if (partition === undefined) return { storable: false, reason: 'authorization' }
  return admit(response, effective, policy, partition)
}

/** The same, once the request and the partition are settled. */
export function admit(
  response: OriginResponse,
  effective: EffectiveDirectives,
  policy: CachePolicy,
  partition: string,
): Storability {
  const reason = responseObstacle(response, effective.directives, policy)
  if (reason !== undefined) return { storable: false, reason }
  const vary = varyNames(response.headers)
  if (vary === undefined) return { storable: false, reason: 'vary' }
  const facts = factsOf(response, effective, policy, partition, vary)
  if (facts === undefined) return { storable: false, reason: 'no-freshness' }
  const headers = storedHeaders(response, effective.directives)
  return { storable: true, response: { status: response.status, headers, facts } }
}

function requestObstacle(
  request: CacheRequest,
  response: OriginResponse,
  effective: EffectiveDirectives,
  policy: CachePolicy,
): NotStoredReason | undefined {
  if (request.method !== 'GET') return 'method'
  const asked = policy.requestDirectives ? parseRequestDirectives(request.headers) : undefined
  if (asked?.noStore === true) return 'request-no-store'
  // A cookie may have made the answer one visitor's. An origin that sets a lifetime knows of caches and would say private;
  // from one that does not, nothing is taken.
  if (request.headers.cookie === undefined || policy.shared || effective.directives.public) return undefined
  return hasExplicitFreshness(response, effective) ? undefined : 'cookie'
}

function responseObstacle(
  { status, headers }: OriginResponse,
  directives: ResponseDirectives,
  policy: CachePolicy,
): NotStoredReason | undefined {
  // 206 is a part and 304 no answer of its own: neither may be kept as the whole (§3.3).
  if (status < 200 || status > 599 || status === 206 || status === 304) return 'status'
  // Where must-understand is obeyed, the no-store beside it is meant for caches that cannot (§5.2.2.3).
  if (directives.mustUnderstand && !isUnderstood(status)) return 'must-understand'
  if (directives.noStore && !directives.mustUnderstand) return 'no-store'
  if (directives.private === true) return 'private'
  const dropsCookies = namesField(directives, 'set-cookie') || policy.storeSetCookie
  return headers['set-cookie'] !== undefined && !dropsCookies ? 'set-cookie' : undefined
}
