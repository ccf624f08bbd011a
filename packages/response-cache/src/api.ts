import type { FastifyRequest } from 'fastify'
import type { Cache } from './cache.ts'
import { keepUntilMs, type CacheEntry } from './entry.ts'
import { parseKey } from './key/cache-key.ts'
import { lookupFor, lookupOf } from './key/lookup.ts'
import { parseTuple, tuple } from './key/tuple.ts'
import { lendStored } from './plugin/exchange.ts'
import { cachedRouteOf } from './plugin/route.ts'
import { purge, type PurgeTarget } from './purge.ts'
import type { StoredFacts } from './rules/message.ts'
import { SHARED_PARTITION } from './rules/partition.ts'
import { mayServeOnError } from './rules/stale.ts'
import { statsOf, type ResponseCacheStats } from './stats.ts'

/** A stored answer, as the decorator gives it out. */
export interface StoredAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Buffer
  /** Seconds since the origin made it. */
  readonly ageSeconds: number
  /** Milliseconds it is still fresh; negative: stale for so long. */
  readonly ttlMs: number
  readonly tags: readonly string[]
}

/** An answer to store by hand. */
export interface NewAnswer {
  /** What is no string or Buffer is stored as JSON. */
  body: unknown
  /** How long it is fresh, ms. */
  ttl: number
  /** Default 200. */
  status?: number
  /** Names in lower case. Default: a `content-type` that fits the body. */
  headers?: Record<string, string>
  tags?: string[]
}

/** What a key is made of, where there is no request. */
export interface KeyRequest {
  /** Path and query. */
  url: string
  /** Default `''`; counts unless the plugin's `key.host` is false. */
  host?: string
  /** Names in lower case. Count where `key.headers` or an answer's `Vary` name them. */
  headers?: Record<string, string>
  /** Whose answer, as a `partition` option names it; default: nobody's in particular. */
  consumer?: string
}

/** `app.responseCache`. Nothing here fails because Redis does. */
export interface ResponseCache {
  /** Throws `PurgeTargetError` (400). Resolves when all instances have been told. */
  purge(target: PurgeTarget): Promise<{ purged: number }>
  get(key: string): Promise<StoredAnswer | undefined>
  set(key: string, answer: NewAnswer): Promise<void>
  /** Whether there was one. */
  delete(key: string): Promise<boolean>
  /** The same as `purge({ all: true })`. */
  clear(): Promise<void>
  /** The key of a request to a cached route, or of one described; `''` where it is too long to be cached. */
  keyOf(request: FastifyRequest | KeyRequest): string
  /**
   * What is stored for a request, stale or not, unless its origin forbids to serve it stale: the breaker's fallback. It
   * counts as served, and nothing that this request is answered with is stored any more.
   */
  lastGood(request: FastifyRequest): Promise<StoredAnswer | undefined>
  stats(): ResponseCacheStats
}

export function responseCacheApi(cache: Cache): ResponseCache {
  return {
    purge: (target) => purge(cache, target),
    get: async (key) => {
      for (const candidate of alternatives(key)) {
        const entry = await cache.get(candidate)
        if (entry !== undefined) return answerOf(entry, cache.now())
      }
      return undefined
    },
    set: (key, answer) => cache.set(key, entryOf(cache, key, answer)),
    delete: async (key) => {
      const deleted = await Promise.all(alternatives(key).map((candidate) => cache.delete(candidate)))
      return deleted.includes(true)
    },
    clear: async () => void (await purge(cache, { all: true })),
    keyOf: (request) => keyOf(cache, request),
    lastGood: (request) => lastGood(cache, request),
    stats: () => statsOf(cache),
  }
}

function keyOf(cache: Cache, request: FastifyRequest | KeyRequest): string {
  const lookup = 'raw' in request ? lookupOfRequest(cache, request) : lookupOfParts(cache, request)
  return lookup === undefined ? '' : cache.memory.keyOf(lookup, lookup.slots[0] ?? '')
}

function lookupOfRequest(cache: Cache, request: FastifyRequest): ReturnType<typeof lookupOf> {
  return lookupOf(request, cachedRouteOf(request) ?? cache.anyRoute)
}

function lookupOfParts(
  cache: Cache,
  { url, host = '', headers = {}, consumer }: KeyRequest,
): ReturnType<typeof lookupOf> {
  return lookupFor(
    { method: 'GET', headers, consumer },
    url,
    cache.options.defaults.keyHost ? host : '',
    cache.anyRoute,
  )
}

/** The key itself, and the one under which the same answer lies if it is for everyone. */
function alternatives(key: string): readonly string[] {
  const slot = parseKey(key)?.slot
  const parts = slot === undefined ? undefined : parseTuple(slot)?.parts
  if (slot === undefined || parts === undefined) return [key]
  const shared = tuple([...parts.slice(0, -1), SHARED_PARTITION]) + key.slice(slot.length)
  return shared === key ? [key] : [key, shared]
}

async function lastGood(cache: Cache, request: FastifyRequest): Promise<StoredAnswer | undefined> {
  const route = cachedRouteOf(request)
  const lookup = route === undefined ? undefined : lookupOf(request, route)
  if (route === undefined || lookup === undefined) return undefined
  const entry = await cache.find(lookup)
  const facts = entry?.response.facts
  if (entry === undefined || facts === undefined) return undefined
  const now = cache.now()
  const allowed = !facts.staleForbidden || mayServeOnError(lookup.request, facts, route.rules.policy, now)
  if (!allowed) return undefined
  const flight = lendStored(request)
  if (flight !== undefined) cache.flights.land(flight, 'failed')
  cache.counters.stale += 1
  return answerOf(entry, now)
}

function answerOf({ response, body, tags }: CacheEntry, now: number): StoredAnswer {
  const { status, headers, facts } = response
  const ageSeconds = Math.max(0, Math.floor((now - facts.bornAtMs) / 1000))
  return { status, headers, body, ageSeconds, ttlMs: facts.freshUntilMs - now, tags }
}

function entryOf(
  cache: Cache,
  key: string,
  { body, ttl, status = 200, headers, tags = [] }: NewAnswer,
): CacheEntry {
  const now = cache.now()
  const partition = parseTuple(key)?.parts.at(-1) ?? SHARED_PARTITION
  const facts: StoredFacts = {
    partition,
    bornAtMs: now,
    receivedAtMs: now,
    freshUntilMs: now + ttl,
    alwaysRevalidate: false,
    staleForbidden: false,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    immutable: false,
    etag: headers?.etag,
    lastModified: headers?.['last-modified'],
    vary: [],
  }
  return {
    response: { status, headers: { 'content-type': contentTypeOf(body), ...headers }, facts },
    body: bytesOf(body),
    tags,
    stamp: cache.invalidations.latest,
    keepUntilMs: keepUntilMs(facts, cache.options.defaults.keepStaleMs),
    fetchMs: 0,
  }
}

function contentTypeOf(body: unknown): string {
  if (typeof body === 'string') return 'text/plain; charset=utf-8'
  return Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json; charset=utf-8'
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null))
}
