/** A route that answers with what one GET to Redis gives, many of them in one write: the least a cache in Redis costs. */
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { listen, settings } from '../../child.ts'
import { payload } from '../../payload.ts'

const redis = new Redis((settings() as { readonly redis: number }).redis, { enableAutoPipelining: true })
const app = fastify()
for (const bytes of [1024, 65_536]) {
  await redis.set(`bench:${bytes}`, payload(bytes))
  app.get(`/cacheable/${bytes}`, async (_request, reply) => {
    void reply.type('application/json')
    return redis.getBuffer(`bench:${bytes}`)
  })
}
await listen(app)
