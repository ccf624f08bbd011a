/** Checked by the compiler: what route options accept, and what handlers get. */
import Fastify, { type FastifyContextConfig } from 'fastify'
import { test } from 'tap'
import {
  type BreakerRegistry,
  circuitBreaker,
  type Permit,
  type RouteBreaker,
  type RouteBreakerOptions,
} from '../../src/index.ts'

test('route options and decorators are typed', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(circuitBreaker, { defaults: { failureRatio: 0.3 }, groups: { all: { members: ['a'] } } })
  const registry: BreakerRegistry = app.circuitBreakers
  t.ok(registry)
  app.get('/name', { config: { circuitBreaker: 'a' } }, async ({ circuitBreaker: permit }) => {
    const own: Permit | null = permit
    return own?.generation
  })
  const options: RouteBreakerOptions = {
    name: 'b',
    timeoutMs: 1_000,
    fallbackOn: ['status'],
    fallback: (error, { request, reply, reason, breaker }) => {
      reply.code(reason === 'timeout' ? 504 : 503)
      return `${breaker} ${request.url} ${error.message}`
    },
  }
  app.get('/options', { config: { circuitBreaker: options } }, async () => 'ok')
  app.get('/off', { config: { circuitBreaker: false } }, async () => 'ok')

  const wrong: RouteBreaker[] = [
    // @ts-expect-error -- a misspelt option
    { failureRate: 0.5 },
    // @ts-expect-error -- true says nothing
    true,
    // @ts-expect-error -- no such kind of permit
    { permit: 'maybe' },
    // @ts-expect-error -- a static fallback has no origin
    { fallback: { type: 'static', origin: 'http://standby' } },
  ]
  t.equal(wrong.length, 4)
  // @ts-expect-error -- routes take what RouteBreaker takes
  const config: FastifyContextConfig = { circuitBreaker: 5 }
  t.ok(config)
  // @ts-expect-error -- a ratio is a number
  const bad: Parameters<typeof circuitBreaker>[1] = { defaults: { failureRatio: '50%' } }
  t.ok(bad)
  await app.ready()
})
