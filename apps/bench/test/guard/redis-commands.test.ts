import { apiKeyAuth, ApiKeys, redisKeys } from '@sluice/api-key-auth'
import { responseCache } from '@sluice/response-cache'
import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'

const REQUESTS = 100

/** How many commands a Redis has carried out, but for those that connections begin with and the one that asks. */
async function commands(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats')
  const counts = stats.matchAll(/^cmdstat_(?!info|hello|client|subscribe)[^:]+:calls=(\d+)/gm)
  return Array.from(counts, ([, calls]) => Number(calls)).reduce((sum, calls) => sum + calls, 0)
}

test(
  'what is remembered or cached in memory asks Redis nothing',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const clients = [0, 1].map(() => new Redis(server.url))
    const [redis, observer] = clients as [Redis, Redis]
    t.teardown(() => clients.forEach((client) => client.disconnect()))
    const issuer = new ApiKeys({ store: redisKeys(redis) })
    const { key } = await issuer.create({ consumer: 'guard' })
    await issuer.close()
    const app = await guardedApp(t, redis)

    const request = async (url: string): Promise<void> => {
      const { statusCode } = await app.inject({ url, headers: { 'x-api-key': key } })
      if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`)
    }
    for (const url of ['/key', '/cached']) {
      await request(url)
      await request(url)
      const before = await commands(observer)
      for (let count = 0; count < REQUESTS; count++) await request(url)
      const asked = (await commands(observer)) - before
      // Beside the requests, the cache looks once a second whether it missed a message.
      t.ok(asked < REQUESTS / 10, `${url}: ${asked} commands for ${REQUESTS} requests`)
    }
  },
)

async function guardedApp(t: { teardown(fn: () => unknown): void }, redis: Redis): Promise<FastifyInstance> {
  const app = fastify()
  t.teardown(() => app.close())
  // A minute, so that nothing is forgotten while a busy machine counts.
  await app.register(apiKeyAuth, { store: redisKeys(redis), memory: { ttlMs: 60_000 }, lastUsedMs: false })
  await app.register(responseCache, { redis })
  app.get('/key', { config: { apiKey: true } }, async () => 'ok')
  app.get('/cached', { config: { apiKey: true, responseCache: { ttl: 60_000 } } }, async () => 'ok')
  await app.ready()
  return app
}
