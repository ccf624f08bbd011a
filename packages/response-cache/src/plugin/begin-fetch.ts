import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache } from '../cache.ts'
import type { CacheEntry } from '../entry.ts'
import type { Flight } from '../flights.ts'
import type { ForwardReason } from '../rules/message.ts'
import type { Lookup } from '../store.ts'
import { NO_CONDITIONS, replaceConditions } from './conditions.ts'
import { setExchange } from './exchange.ts'

export interface FetchPlan {
  readonly lookup: Lookup
  readonly stored: CacheEntry | undefined
  readonly flight: Flight
  readonly forward: ForwardReason
  /** The fields by which the origin is asked whether `stored` still holds; none: it is asked for the whole. */
  readonly conditions: Readonly<Record<string, string>>
}

/** Prepares a request for the origin: its conditions become the cache's, and its answer will be taken. */
export function beginFetch(
  cache: Cache,
  request: FastifyRequest,
  reply: FastifyReply,
  plan: FetchPlan,
): void {
  const { flight } = plan
  const { headers } = request.raw
  // A part is not kept, so its conditions are the client's own business.
  const partial = headers.range !== undefined
  setExchange(request, {
    kind: 'fetch',
    forward: plan.forward,
    lookup: plan.lookup,
    stored: plan.stored,
    validating: !partial && Object.keys(plan.conditions).length > 0,
    flight,
    stamp: cache.invalidations.latest,
    startedAtMs: cache.now(),
    present: reply.getHeaders(),
    conditions: partial ? NO_CONDITIONS : replaceConditions(headers, plan.conditions),
  })
}

/** However an exchange ends, nobody waits for it any longer; where it went well, the flight has landed before. */
export function landWith(cache: Cache, reply: FastifyReply, flight: Flight): void {
  reply.raw.on('close', () => cache.flights.land(flight, 'abandoned'))
}
