import { apiKeyAuth, memoryKeys } from '@sluice/api-key-auth'
import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { parseRateNotation } from '../../src/rate-limit/limit.ts'
import { rateLimits, type RateLimitsOptions } from '../../src/rate-limit/rate-limits.ts'

const hour = 3_600_000

async function start(t: Test, options: RateLimitsOptions = {}): Promise<FastifyInstance> {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys(), default: { optional: true } })
  await app.register(rateLimits, options)
  app.get('/', () => 'fine')
  app.get('/free', { config: { rateLimits: false } }, () => 'fine')
  const orders = { rateLimits: { name: 'orders', limits: [{ max: 2, windowMs: hour }] } }
  app.get('/orders', { config: orders }, () => 'fine')
  app.post('/orders', { config: orders }, () => 'fine')
  return app
}

test('a client has so many requests, and is told where it stands', async (t) => {
  const app = await start(t, { limits: [{ max: 2, windowMs: hour }] })
  const first = await app.inject('/')
  t.equal(first.statusCode, 200)
  t.match(first.headers, {
    'ratelimit-policy': '"default";q=2;w=3600',
    ratelimit: /^"default";r=1;t=\d+$/,
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': /^\d+$/,
  })
  await app.inject('/')
  const refused = await app.inject('/')
  t.equal(refused.statusCode, 429)
  t.equal(refused.headers['content-type'], 'application/problem+json; charset=utf-8')
  t.match(refused.json(), { code: 'SLUICE_RATE_LIMITED', status: 429, limit: 'default' })
  t.equal(refused.headers['retry-after'], String(refused.json().retryAfter))
  t.match(refused.headers, { 'x-ratelimit-remaining': '0', ratelimit: /r=0/ })
  t.equal((await app.inject('/free')).statusCode, 200)
  t.notOk('x-ratelimit-limit' in (await app.inject('/free')).headers)
  t.match(app.rateLimits.stats(), { allowed: 2, limited: 1, exceeded: { default: 1 }, degraded: false })
})

test('whoever tries paths that are not there is limited too', async (t) => {
  const app = await start(t, { limits: [{ max: 2, windowMs: hour }] })
  t.equal((await app.inject('/nowhere')).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/elsewhere' })).statusCode, 404)
  t.equal((await app.inject('/no/such/path')).statusCode, 429)
  t.equal((await app.inject('/')).statusCode, 429)
  t.equal((await app.inject('/free')).statusCode, 200)
})

test('addresses count apart, an IPv6 network as one', async (t) => {
  const app = await start(t, { limits: [{ max: 1, windowMs: hour }] })
  const ask = async (remoteAddress: string) => (await app.inject({ url: '/', remoteAddress })).statusCode
  t.equal(await ask('192.0.2.1'), 200)
  t.equal(await ask('192.0.2.2'), 200)
  t.equal(await ask('::ffff:192.0.2.2'), 429)
  t.equal(await ask('2001:db8:0:1::1'), 200)
  t.equal(await ask('2001:db8:0:1:ffff::2'), 429)
  t.equal(await ask('2001:db8:0:2::1'), 200)
})

test('a key counts apart from its address, and brings its own limit', async (t) => {
  const app = await start(t, { limits: [{ max: 1, windowMs: hour }] })
  const plain = await app.apiKeys.create({ consumer: 'a' })
  const wide = await app.apiKeys.create({ consumer: 'a', rateLimit: { max: 3, windowMs: hour } })
  const ask = (key?: string, url = '/') =>
    app.inject({ url, headers: key === undefined ? {} : { 'x-api-key': key } })
  t.equal((await ask()).statusCode, 200)
  t.equal((await ask()).statusCode, 429)
  t.equal((await ask(plain.key)).statusCode, 200)
  t.equal((await ask(plain.key)).statusCode, 429)
  for (let i = 0; i < 3; i++) t.equal((await ask(wide.key)).statusCode, 200)
  t.match((await ask(wide.key)).json(), { limit: 'key' })
})

test('a service has limits of its own, for all its routes together, and the key’s limit still holds', async (t) => {
  const app = await start(t, { limits: [{ max: 1, windowMs: hour }] })
  const { key } = await app.apiKeys.create({ consumer: 'a', rateLimit: { max: 1, windowMs: hour } })
  t.equal((await app.inject('/orders')).headers['ratelimit-policy'], '"orders";q=2;w=3600')
  t.equal((await app.inject({ method: 'POST', url: '/orders' })).statusCode, 200)
  t.match((await app.inject('/orders')).json(), { limit: 'orders' })
  t.equal((await app.inject('/')).statusCode, 200)
  const headers = { 'x-api-key': key }
  const first = await app.inject({ url: '/orders', headers })
  t.match(first.headers, {
    'ratelimit-policy': '"orders";q=2;w=3600, "key";q=1;w=3600',
    'x-ratelimit-limit': '1',
  })
  t.match((await app.inject({ url: '/orders', headers })).json(), { limit: 'key' })
})

test('of several limits the tightest decides, and who is refused uses up none', async (t) => {
  const app = await start(t, {
    limits: [
      { max: 5, windowMs: hour, by: 'all', name: 'gateway' },
      { max: 2, windowMs: hour, name: 'client' },
    ],
  })
  const ask = (remoteAddress: string) => app.inject({ url: '/', remoteAddress })
  for (let i = 0; i < 2; i++) t.equal((await ask('192.0.2.1')).statusCode, 200)
  for (let i = 0; i < 10; i++) t.match((await ask('192.0.2.1')).json(), { limit: 'client' })
  for (let i = 2; i < 5; i++) t.equal((await ask(`192.0.2.${i}`)).statusCode, 200)
  t.match((await ask('192.0.2.9')).json(), { limit: 'gateway' })
})

test('a limit in shadow mode stops nobody, and says what it would have done', async (t) => {
  const app = await start(t, { limits: [{ max: 1, windowMs: hour, shadow: true }] })
  for (let i = 0; i < 3; i++) {
    const reply = await app.inject('/')
    t.equal(reply.statusCode, 200)
    t.notOk('ratelimit' in reply.headers)
  }
  t.match(app.rateLimits.stats(), { allowed: 3, limited: 0, exceeded: { default: 2 } })
})

test('what is wrong with limits is said at once and together', async (t) => {
  const limits = [
    { max: -1, windowMs: 0 },
    { max: 1, windowMs: 1, by: 'moon', name: 'a b', extra: 1 },
  ] as any
  await t.rejects(() => start(t, { limits }), {
    code: 'SLUICE_RATE_LIMIT_CONFIGURATION',
    problems: [
      { path: 'limits[0].max', received: -1 },
      { path: 'limits[0].windowMs' },
      { path: 'limits[1].by' },
      { path: 'limits[1].name' },
      { path: 'limits[1].extra' },
    ],
  })
})

test('the short notation', async (t) => {
  t.same(parseRateNotation('100-M'), { max: 100, windowMs: 60_000 })
  t.same(parseRateNotation(' 5-s '), { max: 5, windowMs: 1000 })
  t.same(parseRateNotation('10-H')?.windowMs, hour)
  t.same(parseRateNotation('1-D')?.windowMs, 24 * hour)
  for (const bad of ['100', '-M', '1.5-M', '100-W', '100-MM', '']) t.equal(parseRateNotation(bad), undefined)
})

test('three instances share one limit, exactly', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const apps = await Promise.all(
    [1, 2, 3].map(async () => {
      const redis = new Redis(server.url)
      t.teardown(() => redis.disconnect())
      await redis.ping()
      return start(t, { redis, timeoutMs: 5000, limits: [{ max: 50, windowMs: 24 * hour }] })
    }),
  )
  const replies = await Promise.all(Array.from({ length: 150 }, (_, i) => apps[i % 3]?.inject('/')))
  t.equal(replies.filter((reply) => reply?.statusCode === 200).length, 50)
  t.equal(replies.filter((reply) => reply?.statusCode === 429).length, 100)
})

test(
  'without Redis each instance goes on by itself, and joins the others again',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const redis = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: 1 })
    redis.on('error', () => {})
    t.teardown(() => redis.disconnect())
    await redis.ping()
    const app = await start(t, { redis, limits: [{ max: 3, windowMs: 24 * hour }] })
    t.equal((await app.inject('/')).headers['x-ratelimit-remaining'], '2')

    for (const fail of [() => server.kill(), async () => server.pause()]) {
      await fail()
      const replies = [await app.inject('/'), await app.inject('/'), await app.inject('/')]
      t.ok(replies.every(({ statusCode }) => statusCode === 200 || statusCode === 429))
      t.equal(app.rateLimits.stats().degraded, true)
      server.resume()
      if (redis.status !== 'ready') await server.restart()
      const deadline = Date.now() + 20_000
      while (app.rateLimits.stats().degraded && Date.now() < deadline) {
        await app.inject('/')
        await new Promise((done) => setTimeout(done, 20))
      }
      t.equal(app.rateLimits.stats().degraded, false)
    }
    t.ok(app.rateLimits.stats().storeErrors >= 2)
  },
)
