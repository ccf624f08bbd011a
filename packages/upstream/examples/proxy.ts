/**
 * A proxy in front of one upstream: run it, then `curl -i localhost:8080/orders/7`.
 *
 *   ORDERS_URL=http://127.0.0.1:4001 node examples/proxy.ts
 */
import { fileURLToPath } from 'node:url'
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify, { type FastifyInstance } from 'fastify'

/** Everything below `/orders` goes to `url`; the upstream is told who asks, and never sees the key. */
export async function buildProxy(url: string): Promise<FastifyInstance> {
  const orders = createUpstream({ name: 'orders', origins: url, timeouts: { headersMs: 5000 } })
  const app = fastify({ forceCloseConnections: 'idle' })
  app.addHook('onClose', () => orders.close())
  await app.register(directProxy, {
    prefix: '/orders',
    upstream: orders,
    stripHeaders: ['x-api-key', 'x-consumer-id'],
    requestHeaders: (request) => ({
      'x-consumer-id': request.headers['x-api-key'] === 'demo' ? 'alice' : 'nobody',
    }),
  })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await buildProxy(process.env.ORDERS_URL ?? 'http://127.0.0.1:4001')
  console.log(await app.listen({ port: 8080 }))
}
