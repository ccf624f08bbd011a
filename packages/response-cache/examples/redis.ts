/** Two instances behind one Redis: what one has fetched the other serves, and what one purges both forget. */
import responseCache from '@sluice/response-cache'
import { redisTier } from '@sluice/response-cache/redis'
import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

async function instance(name: string): Promise<FastifyInstance> {
  const redis = new Redis(url)
  const app = fastify()
  await app.register(responseCache, {
    redis: redisTier(redis, { namespace: 'example', compression: 'brotli', deadline: 1000 }),
    key: { host: false },
  })
  app.get('/menu', { config: { responseCache: { defaultTtl: 60_000 } } }, async () => ({ cookedBy: name }))
  app.addHook('onClose', () => redis.disconnect())
  while (app.responseCache.stats().redis?.state !== 'up')
    await new Promise((resolve) => setTimeout(resolve, 10))
  return app
}

const [first, second] = await Promise.all([instance('first'), instance('second')])
await first.responseCache.clear()

async function show(app: FastifyInstance): Promise<void> {
  const { headers, body } = await app.inject('/menu')
  console.log(headers['x-cache'], headers['x-cache-source'] ?? '-', body)
}

await show(first)
// Redis is written beside the answer, not before it.
const key = second.responseCache.keyOf({ url: '/menu' })
while ((await second.responseCache.get(key)) === undefined)
  await new Promise((resolve) => setTimeout(resolve, 10))
await show(second)
await show(second)
await Promise.all([first.close(), second.close()])
