/** A route that returns a Buffer that it has: the most that a cache in Fastify can reach. */
import fastify from 'fastify'
import { listen } from '../../child.ts'
import { payload } from '../../payload.ts'

const app = fastify()
for (const bytes of [1024, 65_536]) {
  const body = payload(bytes)
  app.get(`/cacheable/${bytes}`, (_request, reply) => {
    void reply.type('application/json').send(body)
  })
}
await listen(app)
