import type { FastifyRequest } from 'fastify'
import type { CachedRoute } from '../plugin/route.ts'
import type { CacheRequest } from '../rules/message.ts'
import { SHARED_PARTITION } from '../rules/partition.ts'
import type { Lookup } from '../store.ts'
import { consumerOf } from './consumer.ts'
import { normaliseUrl } from './query.ts'
import { MAX_PART_LENGTH, slotsFor } from './slots.ts'

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
  route: CachedRoute,
): Lookup | undefined {
  const slots = url.length > MAX_PART_LENGTH ? undefined : slotsFor(request, host, route)
  if (slots === undefined) return undefined
  const resource = normaliseUrl(url, route.rules.query)
  return { resource, slots, request, hint: route.hint, seen: undefined }
}

/** The slot of this lookup in which a response of that partition is kept. */
export function slotFor(lookup: Lookup, partition: string): string {
  const { slots } = lookup
  return partition === SHARED_PARTITION ? (slots.at(-1) ?? '') : (slots[0] ?? '')
}
