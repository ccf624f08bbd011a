import type { CachePolicy, CacheRequest } from './message.ts'
import type { ResponseDirectives } from './response-directives.ts'

/** Any client may be given what is stored here. */
export const SHARED_PARTITION = 'shared'

const ANONYMOUS_PARTITION = 'anonymous'

/**
 * The partition that holds what only this request's consumer may be given; clients without an identity have one
 * together. Undefined where the request has credentials that nobody told us the owner of.
 *
 * Look a request up in its own partition first, then in the shared one.
 */
export function ownPartition(request: CacheRequest): string | undefined {
  if (request.consumer !== undefined) return `consumer:${request.consumer}`
  return request.headers.authorization === undefined ? ANONYMOUS_PARTITION : undefined
}

/**
 * Where a response to this request belongs; undefined: nowhere (RFC 9111 §3.5). An answer to credentials is shared only
 * if it says so by `public` or `s-maxage`, or the route does. `must-revalidate`, which the RFC would let pass too, is not
 * enough: private answers often carry it.
 */
export function partitionFor(
  request: CacheRequest,
  directives: ResponseDirectives,
  policy: CachePolicy,
): string | undefined {
  if (policy.shared || directives.public || directives.sMaxageMs !== undefined) return SHARED_PARTITION
  return ownPartition(request)
}

/** Whether a response of that partition may be given to this request. */
export function mayReceive(request: CacheRequest, partition: string): boolean {
  return partition === SHARED_PARTITION || partition === ownPartition(request)
}
