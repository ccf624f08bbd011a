import { findBinary } from '../binary.ts'
import { withContenders } from '../contender.ts'
import type { FillQuestion } from '../contenders/cache/distinct.ts'
import { LOAD_CORE } from '../cores.ts'
import { type HttpComparison, type HttpContender, withServers } from '../http-comparison.ts'
import { payload } from '../payload.ts'
import { type Claim, claim } from '../result.ts'
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
    const { small, large, miss } = await withUpstream((upstream) =>
      withRedis(async (redis) => {
        const cached = cachingContenders(upstream, redis)
        const [small, large] = await withServers(cached, settings, tell, async (compare) => [
          await compare(hitsOf(1024)),
          await compare(hitsOf(65_536)),
        ])
        const miss = await withServers(missingContenders(upstream), settings, tell, (compare) =>
          compare({
            ...hitsOf(1024),
            title: 'A miss of 1 KB that is stored',
            reference: DIRECT,
            distinct: true,
          }),
        )
        return { small, large, miss }
      }),
    )
    tell('Memory under distinct URLs')
    return {
      name: cache.name,
      title: cache.title,
      tables: [small, large, miss],
      claims: [
        ...throughputClaims(small, 'a hit in memory against the constant route, 1 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(large, 'a hit in memory against the constant route, 64 KB', 0.85, HIT, CONSTANT),
        ...throughputClaims(small, 'a hit in memory against bare http-proxy, 1 KB', 3, HIT, BARE),
        ...(hasRedis
          ? throughputClaims(small, 'a hit in Redis against one GET, 1 KB', 0.9, REDIS_HIT, GET)
          : []),
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

function withRedis<T>(use: (port: number | undefined) => Promise<T>): Promise<T> {
  if (!hasRedis) return use(undefined)
  const spec = { name: 'redis-server', file: 'redis', core: LOAD_CORE }
  return withContenders([spec], ([redis]) => use(redis?.port))
}

function cachingContenders(upstream: string, redis: number | undefined): HttpContender[] {
  const settings = { upstream }
  const overRedis: HttpContender[] = [
    { name: REDIS_HIT, file: 'cache/response-cache', settings: { upstream, redis } },
    { name: GET, file: 'cache/redis-get', settings: { redis } },
  ]
  const nginx = { name: 'nginx proxy_cache', file: 'proxy/nginx', settings: { upstream, cache: true } }
  return [
    ...(hasNginx ? [nginx] : []),
    { name: CONSTANT, file: 'cache/constant' },
    { name: HIT, file: 'cache/response-cache', settings },
    ...(redis === undefined ? [] : overRedis),
    { name: BARE, file: 'proxy/http-proxy', settings },
    { name: '@fastify/http-proxy + undici cache', file: 'cache/undici-cache', settings },
  ]
}

function missingContenders(upstream: string): HttpContender[] {
  return [
    { name: DIRECT, file: 'proxy/direct', settings: { upstream, breaker: false } },
    { name: MISS, file: 'cache/response-cache', settings: { upstream } },
  ]
}

function hitsOf(bytes: number): HttpComparison {
  return {
    title: `A hit of ${bytes / 1024} KB`,
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
