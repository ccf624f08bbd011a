import { circuitBreaker } from '@sluice/circuit-breaker'
import { responseCache } from '@sluice/response-cache'
import { createUpstream, directProxy, type UpstreamOptions } from '@sluice/upstream'
import fastify, { type FastifyInstance } from 'fastify'
import { test } from 'tap'
import { countingUpstream } from './upstream.ts'

const REQUESTS = 100

async function proxyTo(
  t: { teardown(fn: () => unknown): void },
  origins: string,
  options: Partial<UpstreamOptions> & { cached?: boolean } = {},
): Promise<FastifyInstance> {
  const { cached = false, ...rest } = options
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(responseCache)
  await app.register(circuitBreaker)
  const upstream = createUpstream({ name: 'guard', origins, registry: app.circuitBreakers, ...rest })
  t.teardown(() => upstream.close())
  await app.register(directProxy, { upstream, config: { responseCache: cached } })
  return app
}

test('a request is one request upstream, whether it is answered well or badly', async (t) => {
  const upstream = await countingUpstream(t)
  const app = await proxyTo(t, upstream.origin, { breaker: { failureRatio: 1, minimumCalls: 10_000 } })
  for (let request = 0; request < REQUESTS; request++) await app.inject('/items')
  t.equal(upstream.requests, REQUESTS)
  upstream.status = 503
  for (let request = 0; request < REQUESTS; request++) await app.inject('/items')
  t.equal(upstream.requests, 2 * REQUESTS)
})

test('retries of an upstream that is down stay within their budget', async (t) => {
  const upstream = await countingUpstream(t)
  upstream.status = 503
  const app = await proxyTo(t, upstream.origin, {
    breaker: false,
    retry: { attempts: 3, backoff: { baseMs: 1, maxMs: 1 }, budget: { ratio: 0.2, minPerSecond: 0 } },
  })
  for (let request = 0; request < REQUESTS; request++) await app.inject('/items')
  t.ok(upstream.requests <= REQUESTS * 1.2, `${upstream.requests} attempts for ${REQUESTS} requests`)
})

test('an open breaker sends nothing', async (t) => {
  const upstream = await countingUpstream(t)
  const app = await proxyTo(t, upstream.origin)
  app.circuitBreakers.open('guard')
  for (let request = 0; request < REQUESTS; request++) await app.inject('/items')
  t.equal(upstream.requests, 0)
})

test('a cached answer is one request upstream, asked for in turn or at once', async (t) => {
  const upstream = await countingUpstream(t)
  const app = await proxyTo(t, upstream.origin, { cached: true })
  for (let request = 0; request < REQUESTS; request++) await app.inject('/in-turn')
  t.equal(upstream.requests, 1)
  await Promise.all(Array.from({ length: REQUESTS }, () => app.inject('/at-once')))
  t.equal(upstream.requests, 2)
})
