import { test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { startRedis } from '../../../test/redis.ts'
import { makeKey, startGateway, startUpstream } from './fixtures.ts'

const skip = skipWithout('redis-server')

async function until(what: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let tries = 0; tries < 500; tries++) {
    if (await what()) return true
    await new Promise((again) => setTimeout(again, 20))
  }
  return false
}

test('two gateways on one Redis share answers, limits and keys', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const upstream = await startUpstream(t)
  const config = {
    redis: { url: redis.url },
    auth: { keys: { redis: true } },
    services: {
      menu: { prefix: '/menu', upstream: upstream.url, responseCache: { defaultTtl: '1m' } },
      few: { prefix: '/few', upstream: upstream.url, rateLimit: { max: 3, window: '1m', by: 'consumer' } },
    },
  }
  const [one, two] = [await startGateway(t, config), await startGateway(t, config)]
  const { key, record } = await one.app.apiKeys.create({ consumer: 'acme' })
  const get = (gateway: typeof one, url: string) =>
    gateway.app.inject({ url, headers: { 'x-api-key': key, host: 'api' } })

  t.equal((await get(one, '/menu/1')).headers['x-cache'], 'MISS')
  t.ok(await until(async () => (await get(two, '/menu/1')).headers['x-cache'] === 'HIT'))
  const calls = upstream.requests.filter(({ url }) => url === '/1').length
  t.ok(calls <= 2, `${calls} calls for one answer`)

  const statuses = []
  for (const gateway of [one, two, one, two, one, two])
    statuses.push((await get(gateway, '/few/1')).statusCode)
  t.ok(statuses.includes(429), 'three each, counted apart, would let all six pass')

  await one.app.apiKeys.revoke(record.id)
  t.ok(await until(async () => (await get(two, '/menu/1')).statusCode === 401))
})

test('Redis dies: nobody is refused who was let in, and it is said', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const upstream = await startUpstream(t)
  const config = {
    redis: { url: redis.url },
    auth: { keys: { redis: true } },
    rateLimit: '1000-M',
    services: { menu: { prefix: '/menu', upstream: upstream.url, responseCache: { defaultTtl: '1m' } } },
  }
  const earlier = await startGateway(t, config)
  const { key } = await earlier.app.apiKeys.create({ consumer: 'acme' })
  await earlier.close()
  const { app } = await startGateway(t, config)
  const get = async (url: string, apiKey = key) =>
    (await app.inject({ url, headers: { 'x-api-key': apiKey } })).statusCode
  const health = async () => (await app.inject('/readyz')).json()
  t.equal(await get('/menu/1'), 200)
  t.strictSame(await health(), { status: 'ready', parts: { redis: 'up' } })

  await redis.kill()
  for (let call = 0; call < 20; call++) t.equal(await get(`/menu/${call}`), 200)
  t.strictSame(await health(), { status: 'ready', parts: { redis: 'down' } }, 'degraded, and still ready')
  const stranger = await app.inject({
    url: '/menu/1',
    headers: { 'x-api-key': (await makeKey('stranger')).key },
  })
  t.equal(stranger.statusCode, 503, 'never an open door')
  t.ok(stranger.headers['retry-after'])

  await redis.restart()
  t.ok(await until(async () => (await health()).parts.redis === 'up'))
})

test('Redis goes while a gateway takes leave of it', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const upstream = await startUpstream(t)
  const services = { menu: { prefix: '/menu', upstream: upstream.url } }
  const { app } = await startGateway(t, { redis: { url: redis.url }, services })
  redis.pause()
  const closed = t.resolves(app.close())
  // It says goodbye to who is silent, and then gone.
  await new Promise((soon) => setTimeout(soon, 300))
  await redis.kill()
  await closed
})
