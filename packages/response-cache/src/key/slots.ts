import type { CachedRoute } from '../plugin/route.ts'
import { fieldValue, type CacheRequest } from '../rules/message.ts'
import { ownPartition, SHARED_PARTITION } from '../rules/partition.ts'
import { tuple } from './tuple.ts'

/** A key part longer than this is no sane client's: such a request passes the cache by. */
export const MAX_PART_LENGTH = 8192

/** A route's slots of so many hosts are remembered, if their names are no longer than host names are. Cleared when full. */
const MAX_HOSTS = 1000
const MAX_HOST_LENGTH = 255

/**
 * Where answers to this request may lie, most private first; undefined where that would be absurdly long. Nearly all
 * requests are of nobody in particular, and differ by their host alone.
 */
export function slotsFor(
  request: CacheRequest,
  host: string,
  route: CachedRoute,
): readonly string[] | undefined {
  const { rules, anonymousSlots } = route
  const isAnonymous = request.consumer === undefined && request.headers.authorization === undefined
  const isPlain = isAnonymous && rules.keyHeaders.length === 0 && host.length <= MAX_HOST_LENGTH
  if (!isPlain) return makeSlots(request, host, route)
  let slots = anonymousSlots.get(host)
  if (slots === undefined) {
    slots = makeSlots(request, host, route)
    if (anonymousSlots.size === MAX_HOSTS) anonymousSlots.clear()
    if (slots !== undefined) anonymousSlots.set(host, slots)
  }
  return slots
}

function makeSlots(
  request: CacheRequest,
  host: string,
  { rules, scope }: CachedRoute,
): readonly string[] | undefined {
  const where = [
    host.toLowerCase(),
    scope,
    ...rules.keyHeaders.map((name) => fieldValue(request.headers, name) ?? ''),
  ]
  if (where.some((part) => part.length > MAX_PART_LENGTH)) return undefined
  const shared = tuple([...where, SHARED_PARTITION])
  const own = rules.policy.shared ? undefined : ownPartition(request)
  return own === undefined ? [shared] : [tuple([...where, own]), shared]
}
