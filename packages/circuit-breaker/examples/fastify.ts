/**
 * Two routes behind one breaker: one with a fallback, one with a time limit.
 *
 *   node examples/fastify.ts http://127.0.0.1:4001
 */
import circuitBreaker from '@sluice/circuit-breaker'
import Fastify, { type FastifyInstance } from 'fastify'
import { request } from 'undici'

export async function build(upstream: string): Promise<FastifyInstance> {
  const app = Fastify()
  // Before the routes: the plugin sees those that come after it.
  await app.register(circuitBreaker, {
    breakers: { orders: { failureRatio: 0.3, minimumCalls: 5, open: { durationMs: 10_000 } } },
  })

  const menu = {
    name: 'orders',
    fallback: { type: 'static', body: { items: [], stale: true } },
  } as const
  app.get('/menu', { config: { circuitBreaker: menu } }, async ({ signal }) => {
    const response = await fetch(`${upstream}/menu`, { signal })
    if (!response.ok) throw new Error(`upstream answered ${response.status}`)
    return response.json()
  })

  const order = { name: 'orders', timeoutMs: 2_000 }
  app.get('/orders/:id', { config: { circuitBreaker: order } }, async ({ url, signal }, reply) => {
    // `signal` aborts when the client leaves or the time is up; the stream is counted at its end.
    const { statusCode, headers, body } = await request(upstream + url, { signal })
    return reply.code(statusCode).type(String(headers['content-type'])).send(body)
  })

  app.circuitBreakers.on('transition', ({ breaker, from, to, reason }) => {
    app.log.warn({ breaker, from, to, reason }, 'circuit breaker')
  })
  return app
}

if (process.argv[2] !== undefined) {
  const app = await build(process.argv[2])
  console.log(await app.listen({ port: 3000 }))
}
