import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis, type RedisProcess } from '../../../../test/redis.ts'
import { apiKeyAuth, type ApiKeyAuthOptions } from '../../src/index.ts'
import { redisKeys, type RedisKeysOptions } from '../../src/redis/index.ts'

const withRedis = { skip: skipWithout('redis-server') }

async function server(t: Test): Promise<RedisProcess> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  return redis
}

function connect(t: Test, { url }: RedisProcess): Redis {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 1 })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

async function instance(
  t: Test,
  redis: Redis,
  options: Partial<ApiKeyAuthOptions> = {},
  store: RedisKeysOptions = {},
): Promise<FastifyInstance> {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: redisKeys(redis, store), throttle: false, ...options })
  app.get('/', { config: { apiKey: true } }, (request) => request.apiKey)
  return app
}

const ask = async (app: FastifyInstance, key: string): Promise<number> =>
  (await app.inject({ url: '/', headers: { 'x-api-key': key } })).statusCode

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return true
    await new Promise((done) => setTimeout(done, 10))
  }
  return false
}

/** Every key is remembered for so long that only a message can end it in time. */
const longMemory = { memory: { ttlMs: 3_600_000, unknownTtlMs: 3_600_000 } }

/** Messages are heard once each instance has a subscription. */
async function subscribed(redis: Redis, count: number): Promise<boolean> {
  return until(async () => {
    const [, listeners] = (await redis.pubsub('NUMSUB', 'sluice:keys:v1:changes')) as [string, number]
    return listeners >= count
  })
}

test(
  'three instances: made on one, good on all; rotated and revoked on one, ended on all',
  withRedis,
  async (t) => {
    const process = await server(t)
    const redis = connect(t, process)
    const apps = await Promise.all([1, 2, 3].map(() => instance(t, connect(t, process), longMemory)))
    t.ok(await subscribed(redis, 3))
    const everywhere = (key: string, status: number) =>
      until(async () =>
        (await Promise.all(apps.map((app) => ask(app, key)))).every((seen) => seen === status),
      )
    const [a, b, c] = apps as [FastifyInstance, FastifyInstance, FastifyInstance]

    const first = await a.apiKeys.create({ consumer: 'mobile' })
    t.ok(await everywhere(first.key, 200))
    const { id } = first.record

    const second = await b.apiKeys.rotate(id, { graceMs: 3_600_000 })
    t.ok(await everywhere(second.key, 200))
    t.ok(await everywhere(first.key, 200), 'the old one in its grace')

    const third = await c.apiKeys.rotate(id)
    t.equal(await ask(c, second.key), 401, 'at once where it was done')
    t.ok(await everywhere(third.key, 200))
    t.ok(await everywhere(second.key, 401))
    t.ok(await everywhere(first.key, 401))

    await a.apiKeys.revoke(id)
    t.equal(await ask(a, third.key), 401)
    t.ok(await everywhere(third.key, 401))
  },
)

test('a key that was unknown is good as soon as it is made', withRedis, async (t) => {
  const process = await server(t)
  const redis = connect(t, process)
  const [a, b] = await Promise.all([
    instance(t, redis, longMemory),
    instance(t, connect(t, process), longMemory),
  ])
  t.ok(await subscribed(redis, 2))
  const { key, record } = await a.apiKeys.create({ consumer: 'a' })
  const stored = await redis.hget('{sluice:keys:v1}:records', record.id)
  await a.apiKeys.remove(record.id)
  t.ok(await until(async () => (await ask(b, key)) === 401))
  await a.apiKeys.import({ consumer: 'a', hash: JSON.parse(stored ?? '').hash })
  t.ok(await until(async () => (await ask(b, key)) === 200))
})

test('a message that is lost is made up for by the time that answers count', withRedis, async (t) => {
  const process = await server(t)
  const redis = connect(t, process)
  const a = await instance(t, redis)
  const deaf = await instance(t, connect(t, process), { memory: { ttlMs: 200 } }, { follow: false })
  const { key, record } = await a.apiKeys.create({ consumer: 'a' })
  t.equal(await ask(deaf, key), 200)
  await a.apiKeys.revoke(record.id)
  t.ok(await until(async () => (await ask(deaf, key)) === 401))
})

test('who lost the connection for messages asks again for everything', withRedis, async (t) => {
  const process = await server(t)
  const redis = connect(t, process)
  const a = await instance(t, redis, {}, { follow: false })
  const { key, record } = await a.apiKeys.create({ consumer: 'a' })
  const b = await instance(t, connect(t, process), longMemory)
  t.ok(await subscribed(redis, 1))
  const events: string[] = []
  b.apiKeys.on('storeDegraded', () => events.push('degraded'))
  b.apiKeys.on('storeRecovered', () => events.push('recovered'))
  t.equal(await ask(b, key), 200)
  // Nobody hears this one.
  await redis.hdel(
    '{sluice:keys:v1}:hashes',
    JSON.parse((await redis.hget('{sluice:keys:v1}:records', record.id)) ?? '').hash,
  )
  t.equal(await ask(b, key), 200)
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  t.ok(await until(async () => (await ask(b, key)) === 401))
  t.same(events, ['degraded', 'recovered'])
})

for (const [name, fail] of [
  ['killed', (process: RedisProcess) => process.kill()],
  ['silent', async (process: RedisProcess) => process.pause()],
] as const) {
  test(
    `Redis ${name}: known keys go on for the grace, others are told to come back`,
    withRedis,
    async (t) => {
      let now = Date.now()
      const process = await server(t)
      const app = await instance(
        t,
        connect(t, process),
        { now: () => now, memory: { graceMs: 60_000 } },
        { follow: false },
      )
      const known = await app.apiKeys.create({ consumer: 'a' })
      const other = await app.apiKeys.create({ consumer: 'a' })
      t.equal(await ask(app, known.key), 200)
      await fail(process)
      now += 10_000
      t.equal(await ask(app, known.key), 200)
      const shut = await app.inject({ url: '/', headers: { 'x-api-key': other.key } })
      t.equal(shut.statusCode, 503)
      t.match(shut.json(), { code: 'SLUICE_API_KEY_STORE_UNAVAILABLE' })
      t.ok(Number(shut.headers['retry-after']) >= 1)
      t.equal(await ask(app, 'not even a key'), 401, 'what needs no look-up is refused as ever')
      now += 60_000
      t.equal(await ask(app, known.key), 503, 'the grace has an end')
      if (name === 'killed') await process.restart()
      else process.resume()
      const back = name === 'killed' ? 401 : 200
      t.ok(
        await until(async () => {
          now += 2000
          return (await ask(app, other.key)) === back
        }),
        'Redis is back, and empty after a crash',
      )
      t.ok(app.apiKeys.stats().storeErrors > 0)
    },
  )
}

test('an instance that started before Redis hears messages once there is one', withRedis, async (t) => {
  const process = await server(t)
  await process.kill()
  const impatient = new Redis(process.url, {
    retryStrategy: () => 20,
    commandTimeout: 50,
    enableOfflineQueue: false,
  })
  impatient.on('error', () => {})
  t.teardown(() => impatient.disconnect())
  const app = await instance(t, impatient, longMemory)
  await new Promise((done) => setTimeout(done, 200))
  await process.restart()
  const redis = connect(t, process)
  t.ok(await subscribed(redis, 1))
  const other = await instance(t, redis, {}, { follow: false })
  const { key, record } = await other.apiKeys.create({ consumer: 'a' })
  t.ok(await until(async () => (await ask(app, key)) === 200))
  await other.apiKeys.revoke(record.id)
  t.ok(await until(async () => (await ask(app, key)) === 401))
})

test('uses are noted, late and in one go', withRedis, async (t) => {
  const process = await server(t)
  const redis = connect(t, process)
  const app = await instance(t, redis, { lastUsedMs: 100 })
  const { key, record } = await app.apiKeys.create({ consumer: 'a' })
  await ask(app, key)
  t.ok(await until(async () => (await app.apiKeys.show(record.id)).lastUsedAt !== undefined))
  t.ok((await redis.pttl('{sluice:keys:v1}:used')) > 0)
})

test('administration without Redis fails with a code of its own', withRedis, async (t) => {
  const process = await server(t)
  const redis = new Redis(process.url, { enableOfflineQueue: false, retryStrategy: () => null })
  redis.on('error', () => {})
  const app = await instance(t, redis, {}, { follow: false })
  redis.disconnect()
  await t.rejects(app.apiKeys.create({ consumer: 'a' }), {
    code: 'SLUICE_API_KEY_STORE_UNAVAILABLE',
    statusCode: 503,
  })
})
