import { findBinary } from '../binary.ts'
import { withContenders } from '../contender.ts'
import { LOAD_CORE } from '../cores.ts'
import { type HttpComparison, type HttpContender, withServers } from '../http-comparison.ts'
import { payload } from '../payload.ts'
import type { Comparison } from '../result.ts'
import { throughputClaims } from '../server-claims.ts'
import type { Settings, Suite } from '../suite.ts'
import { installed, notInstalled } from '../system-peers.ts'
import { withUpstream } from '../with-upstream.ts'
import { memoryClaim, purgeClaim } from './cache-claims.ts'

const CONSTANT = 'a route with a constant Buffer'
const HIT = 'Sluice, hit in memory'
const GET = 'a route with one GET to Redis'
const REDIS_HIT = 'Sluice, hit in Redis'
const BARE = '@fastify/http-proxy, no cache'
const DIRECT = 'Sluice upstream, no cache'
const MISS = 'Sluice, miss'

const hasRedis = findBinary('redis-server') !== undefined

export const cache: Suite = {
  name: 'cache',
  title: 'A cached answer',
  async run(settings, tell) {
    const { small, large, shared, stored, passed } = await withUpstream(async (upstream) => {
      const [small, large] = await withServers(hitting(upstream), settings, tell, async (compare) => [
        await compare(answersOf(1024)),
        await compare(answersOf(65_536)),
      ])
      const shared = hasRedis ? await compareRedis(upstream, settings, tell) : []
      const [stored, passed] = await withServers(missing(upstream), settings, tell, async (compare) => {
        const miss = { ...answersOf(1024), reference: DIRECT, urls: Infinity }
        return [
          await compare({ ...miss, title: 'A miss of 1 KB that is stored' }),
          await compare({ ...miss, title: 'A miss of 1 KB that may not be stored', path: '/bytes/1024' }),
        ]
      })
      return { small, large, shared, stored, passed }
    })
    tell('Memory under distinct URLs, and purges')
    return {
      name: cache.name,
      title: cache.title,
      tables: [small, large, ...shared, stored, passed],
      claims: [
        ...throughputClaims(small, 'a hit in memory against the constant route, 1 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(large, 'a hit in memory against the constant route, 64 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(small, 'a hit in memory against bare http-proxy, 1 KB', 3, HIT, BARE),
        ...shared.flatMap((table) =>
          throughputClaims(table, `${table.title} against one GET`, 0.9, REDIS_HIT, GET),
        ),
        ...throughputClaims(stored, 'a miss against the path without a cache', 0.92, MISS, DIRECT),
        ...throughputClaims(passed, 'a miss that may not be stored, against the same', 0.92, MISS, DIRECT),
        await memoryClaim(settings),
        ...(hasRedis ? [await purgeClaim(settings)] : []),
      ],
      notes: notInstalled('redis-server', 'nginx', 'haproxy', 'varnishd'),
    }
  },
}

/** So many answers that the memory tier, kept small, never holds the next one. */
const URLS_IN_REDIS = 2000

function compareRedis(
  upstream: string,
  settings: Settings,
  tell: (line: string) => void,
): Promise<Comparison[]> {
  const spec = { name: 'redis-server', file: 'redis', core: LOAD_CORE }
  return withContenders([spec], ([server]) => {
    const redis = server?.port
    const contenders = [
      { name: REDIS_HIT, file: 'cache/response-cache', settings: { upstream, redis } },
      { name: GET, file: 'cache/redis-get', settings: { redis } },
    ]
    return withServers(contenders, settings, tell, async (compare) => {
      const hits = (bytes: number): Promise<Comparison> =>
        compare({
          ...answersOf(bytes),
          title: `A hit of ${bytes / 1024} KB in Redis`,
          reference: GET,
          urls: URLS_IN_REDIS,
        })
      return [await hits(1024), await hits(65_536)]
    })
  })
}

function hitting(upstream: string): HttpContender[] {
  const settings = { upstream }
  const caching = { upstream, cache: true }
  return [
    ...installed([
      { name: 'nginx proxy_cache', binary: 'nginx', file: 'proxy/nginx', settings: caching },
      { name: 'haproxy cache', binary: 'haproxy', file: 'proxy/haproxy', settings: caching },
      { name: 'Varnish', binary: 'varnishd', file: 'cache/varnish', settings },
    ]),
    { name: CONSTANT, file: 'cache/constant' },
    { name: HIT, file: 'cache/response-cache', settings },
    { name: BARE, file: 'proxy/http-proxy', settings },
    { name: '@fastify/http-proxy + undici cache', file: 'cache/undici-cache', settings },
  ]
}

function missing(upstream: string): HttpContender[] {
  return [
    { name: DIRECT, file: 'proxy/direct', settings: { upstream, breaker: false } },
    { name: MISS, file: 'cache/response-cache', settings: { upstream } },
  ]
}

function answersOf(bytes: number): HttpComparison {
  return {
    title: `A hit of ${bytes / 1024} KB in memory`,
    reference: CONSTANT,
    path: `/cacheable/${bytes}`,
    body: payload(bytes),
  }
}
