import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache, Refresh } from '../cache.ts'
import { isNewer, type CacheEntry } from '../entry.ts'
import type { RouteRules } from '../options/route-options.ts'
import type { RemoteTier } from '../remote.ts'
import { CONDITIONAL_FIELDS, conditionalHeaders } from '../rules/revalidation.ts'
import type { Lookup } from '../store.ts'
import { beginFetch, landWith } from './begin-fetch.ts'

/*
 * A refresh is a request of the app to itself: the same URL, the same headers, through all the same hooks, so that it is
 * authenticated as the same consumer and its answer lands where that consumer's answers belong. It carries a token that
 * nobody can guess and that is good for one request; it makes this cache, and nothing else, treat the request differently.
 * A limiter ahead may let it pass uncounted: `request.cacheRefresh`.
 */

const TOKEN_FIELD = 'x-sluice-refresh'

/** The client's conditions, and what belongs to its connection and body. */
const NOT_REPEATED: ReadonlySet<string> = new Set([
  ...CONDITIONAL_FIELDS,
  'range',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
])

const kRefresh = Symbol('sluice.response-cache.refresh')

/**
 * Whether a fresh entry is to be refreshed already: by chance, the likelier the less is left and the longer its fetch
 * took, so that of many requests one goes ahead (optimal probabilistic cache stampede prevention, "XFetch").
 */
export function isDueEarly({ fetchMs }: CacheEntry, ttlMs: number, { earlyRefresh }: RouteRules): boolean {
  return earlyRefresh > 0 && -Math.log(Math.random()) * earlyRefresh * fetchMs >= ttlMs
}

/** Fetches a newer answer beside the request that was given this one, unless somebody does already. */
export function refresh(cache: Cache, request: FastifyRequest, lookup: Lookup, stored: CacheEntry): void {
  const { resource } = lookup
  const place = cache.memory.placeOf(lookup, lookup.slots[0] ?? '')
  if (cache.flights.get(resource, place) !== undefined) return
  const flight = cache.flights.begin(resource, place, true)
  const { remote } = cache
  if (remote?.state !== 'up') send(cache, request, { stored, flight })
  else void refreshForAll(cache, remote, request, lookup, { stored, flight })
}

/** Where instances share a tier, one of them refreshes, and the others find what it brought. */
async function refreshForAll(
  cache: Cache,
  remote: RemoteTier,
  request: FastifyRequest,
  lookup: Lookup,
  { stored, flight }: Refresh,
): Promise<void> {
  const found = await remote.find(lookup)
  if (found !== undefined && isNewer(found, stored)) {
    cache.promote(lookup, found, flight)
    cache.flights.land(flight, 'stored')
    return
  }
  const lease = await remote.lease(flight, false)
  if (lease.kind === 'taken') {
    cache.flights.land(flight, 'abandoned')
    return
  }
  if (lease.kind === 'held') flight.lease = lease
  send(cache, request, { stored, flight })
}

/** The app's request to itself. */
function send(cache: Cache, request: FastifyRequest, job: Refresh): void {
  const token = randomBytes(24).toString('base64url')
  cache.refreshes.set(token, job)
  const { remoteAddress } = request.socket
  request.server
    .inject({
      method: 'GET',
      url: request.originalUrl,
      headers: { ...repeatedHeaders(request), [TOKEN_FIELD]: token },
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      payloadAsStream: true,
    })
    .then(
      (answer) => void answer.stream().resume(),
      // The app is closing.
      () => cache.flights.land(job.flight, 'abandoned'),
    )
    .finally(() => {
      // Refused on its way, by authentication for one: nobody has taken the token, and nobody fetches.
      if (cache.refreshes.delete(token)) cache.flights.land(job.flight, 'abandoned')
    })
}

/** Sends a refresh on its way to the origin; false for any other request. The origin does not see the token. */
export function takeRefresh(
  cache: Cache,
  request: FastifyRequest,
  reply: FastifyReply,
  lookup: Lookup,
): boolean {
  const { headers } = request.raw
  const token = headers[TOKEN_FIELD]
  if (token === undefined) return false
  delete headers[TOKEN_FIELD]
  const refresh = cache.refreshes.get(String(token))
  if (refresh === undefined) return false
  cache.refreshes.delete(String(token))
  Object.assign(request.raw, { [kRefresh]: true })
  const { stored, flight } = refresh
  landWith(cache, reply, flight)
  const conditions = conditionalHeaders(stored.response.facts)
  beginFetch(cache, request, reply, { lookup, stored, flight, forward: 'stale', conditions })
  return true
}

/** Whether a request is one of the cache's own. */
export function isRefresh(cache: Cache, request: FastifyRequest): boolean {
  return kRefresh in request.raw || cache.refreshes.has(String(request.raw.headers[TOKEN_FIELD]))
}

function repeatedHeaders(request: FastifyRequest): Record<string, string | string[]> {
  const repeated: Record<string, string | string[]> = { host: request.host }
  for (const [name, value] of Object.entries(request.raw.headers)) {
    if (value !== undefined && !name.startsWith(':') && !NOT_REPEATED.has(name)) repeated[name] = value
  }
  return repeated
}
