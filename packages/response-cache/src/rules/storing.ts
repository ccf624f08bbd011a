import { factsOf, isUseless } from './facts.ts'
import type { CachePolicy, CacheRequest, OriginResponse, StoredResponse } from './message.ts'
import { partitionFor } from './partition.ts'
import { parseRequestDirectives } from './request-directives.ts'
import type { ResponseDirectives } from './response-directives.ts'
import { isUnderstood } from './status.ts'
import { namesField, storedHeaders } from './stored-headers.ts'
import { effectiveDirectives } from './targeted.ts'
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
  const { directives, targeted } = effectiveDirectives(response.headers, policy)
  const reason = requestObstacle(request, policy) ?? responseObstacle(response, directives, policy)
  if (reason !== undefined) return { storable: false, reason }
  const partition = partitionFor(request, directives, policy)
  if (partition === undefined) return { storable: false, reason: 'authorization' }
  const vary = varyNames(response.headers)
  if (vary === undefined) return { storable: false, reason: 'vary' }
  const facts = factsOf(response, directives, targeted, policy, partition, vary)
  if (facts === undefined || isUseless(facts)) return { storable: false, reason: 'no-freshness' }
  const headers = storedHeaders(response.headers, directives)
  return { storable: true, response: { status: response.status, headers, facts } }
}

function requestObstacle(request: CacheRequest, policy: CachePolicy): NotStoredReason | undefined {
  if (request.method !== 'GET') return 'method'
  if (!policy.requestDirectives) return undefined
  return parseRequestDirectives(request.headers)?.noStore === true ? 'request-no-store' : undefined
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
