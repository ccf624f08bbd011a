import { findBinary } from '../binary.ts'
import { withContenders } from '../contender.ts'
import type { FillQuestion } from '../contenders/cache/distinct.ts'
import { LOAD_CORE } from '../cores.ts'
import { type HttpComparison, type HttpContender, withServers } from '../http-comparison.ts'
import { payload } from '../payload.ts'
import { type Claim, claim, type Comparison } from '../result.ts'
import { throughputClaims } from '../server-claims.ts'
import type { Settings, Suite } from '../suite.ts'
import { withUpstream } from '../with-upstream.ts'

const CONSTANT = 'a route with a constant Buffer'
const HIT = 'Sluice, hit in memory'
const GET = 'a route with one GET to Redis'
const REDIS_HIT = 'Sluice, hit in Redis'
const BARE = '@fastify/http-proxy, no cache'
const DIRECT = 'Sluice upstream, no cache'
const MISS = 'Sluice, miss'

const hasRedis = findBinary('redis-server') !== undefined
const hasNginx = findBinary('nginx') !== undefined

export const cache: Suite = {
  name: 'cache',
  title: 'A cached answer',
  async run(settings, tell) {
    const { small, large, shared, miss } = await withUpstream(async (upstream) => {
      const [small, large] = await withServers(hitting(upstream), settings, tell, async (compare) => [
        await compare(answersOf(1024)),
        await compare(answersOf(65_536)),
      ])
      const shared = hasRedis ? await compareRedis(upstream, settings, tell) : []
      const miss = await withServers(missing(upstream), settings, tell, (compare) =>
        compare({
          ...answersOf(1024),
          title: 'A miss of 1 KB that is stored',
          reference: DIRECT,
          urls: Infinity,
        }),
      )
      return { small, large, shared, miss }
    })
    tell('Memory under distinct URLs')
    return {
      name: cache.name,
      title: cache.title,
      tables: [small, large, ...shared, miss],
      claims: [
        ...throughputClaims(small, 'a hit in memory against the constant route, 1 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(large, 'a hit in memory against the constant route, 64 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(small, 'a hit in memory against bare http-proxy, 1 KB', 3, HIT, BARE),
        ...shared.flatMap((table) =>
          throughputClaims(table, `${table.title} against one GET`, 0.9, REDIS_HIT, GET),
        ),
        ...throughputClaims(miss, 'a miss against the path without a cache', 0.92, MISS, DIRECT),
        await memoryClaim(settings),
      ],
      notes: [
        ...(hasRedis ? [] : ['redis-server is not installed here']),
        ...(hasNginx ? [] : ['nginx is not installed here']),
      ],
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
  const nginx = { name: 'nginx proxy_cache', file: 'proxy/nginx', settings: { upstream, cache: true } }
  return [
    ...(hasNginx ? [nginx] : []),
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

async function memoryClaim({ quick }: Settings): Promise<Claim> {
  const question: FillQuestion = quick
    ? { urls: 5000, maxBytes: 2 * 1024 * 1024 }
    : { urls: 1_000_000, maxBytes: 64 * 1024 * 1024 }
  const spec = { name: 'distinct', file: 'cache/distinct', nodeArguments: ['--expose-gc'] }
  const share = await withContenders(
    [spec],
    async ([child]) => (await child?.ask<number>(question)) ?? Number.NaN,
  )
  const what = `memory after ${question.urls.toLocaleString('en')} distinct URLs, of maxBytes`
  return claim(what, { atMost: 1.2 }, share, (value) => `× ${value.toFixed(2)}`)
}
