import type { FastifyRequest } from 'fastify'
import type { CachedRoute } from '../plugin/route.ts'
import { fieldValue, type CacheRequest } from '../rules/message.ts'
import { ownPartition, SHARED_PARTITION } from '../rules/partition.ts'
import type { Lookup } from '../store.ts'
import { consumerOf } from './consumer.ts'
import { normaliseUrl } from './query.ts'
import { tuple } from './tuple.ts'

/** A key part longer than this is no sane client's: such a request passes the cache by. */
const MAX_PART_LENGTH = 8192

/** Where the answer to a request may lie; undefined where the key would be absurdly long. */
export function lookupOf(request: FastifyRequest, route: CachedRoute): Lookup | undefined {
  const { rules } = route
  const { headers, url = '/' } = request.raw
  const consumer = consumerOf(request, rules)
  const asked: CacheRequest = { method: request.method, headers, consumer }
  return lookupFor(asked, url, rules.keyHost ? request.host : '', route)
}

export function lookupFor(
  request: CacheRequest,
  url: string,
  host: string,
  { rules, scope, hint }: CachedRoute,
): Lookup | undefined {
  const where = [
    host.toLowerCase(),
    scope,
    ...rules.keyHeaders.map((name) => fieldValue(request.headers, name) ?? ''),
  ]
  if (url.length > MAX_PART_LENGTH || where.some((part) => part.length > MAX_PART_LENGTH)) return undefined
  const own = rules.policy.shared ? undefined : ownPartition(request)
  return {
    resource: normaliseUrl(url, rules.query),
    slots:
      own === undefined
        ? [slotOf(where, SHARED_PARTITION)]
        : [slotOf(where, own), slotOf(where, SHARED_PARTITION)],
    request,
    hint,
    seen: undefined,
  }
}

/** The slot of this lookup in which a response of that partition is kept. */
export function slotFor(lookup: Lookup, partition: string): string {
  const { slots } = lookup
  return partition === SHARED_PARTITION ? (slots.at(-1) ?? '') : (slots[0] ?? '')
}

function slotOf(where: readonly string[], partition: string): string {
  return tuple([...where, partition])
}
