import { apiKeyAuth, memoryKeys } from '@sluice/api-key-auth'
import { breakerStats } from '@sluice/breaker-stats'
import { circuitBreaker } from '@sluice/circuit-breaker'
import { responseCache } from '@sluice/response-cache'
import fastify, { type FastifyContextConfig, type FastifyInstance, type RouteOptions } from 'fastify'
import { test } from 'tap'

const phases = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
  'onResponse',
  'onRequestAbort',
  'onError',
] as const

type HookCounts = Partial<Record<(typeof phases)[number], number>>

/** The hooks that plugins add to one route. */
async function hooksOf(
  t: { teardown(fn: () => unknown): void },
  plugins: (app: FastifyInstance) => Promise<void>,
  config: FastifyContextConfig,
): Promise<HookCounts> {
  const app = fastify({ exposeHeadRoutes: false })
  t.teardown(() => app.close())
  await plugins(app)
  let counts: HookCounts = {}
  app.addHook('onRoute', (route) => {
    if (route.url === '/guard') counts = countHooks(route)
  })
  app.get('/guard', { config }, async () => 'ok')
  await app.ready()
  return counts
}

function countHooks(route: RouteOptions): HookCounts {
  const counts = phases.map((phase) => [phase, [route[phase] ?? []].flat().length] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

test('a route that asks for nothing has the identity guard alone', async (t) => {
  const counts = await hooksOf(
    t,
    async (app) => {
      await app.register(apiKeyAuth, { store: memoryKeys() })
      await app.register(responseCache)
      await app.register(circuitBreaker)
      await app.register(breakerStats, { access: () => {} })
    },
    {},
  )
  // Whoever sends `x-consumer-id` by hand is nobody, on every route.
  t.same(counts, { onRequest: 1 })
})

test('each plugin adds as many hooks to a route as it needs', async (t) => {
  const breaker = await hooksOf(
    t,
    async (app) => {
      await app.register(circuitBreaker)
    },
    { circuitBreaker: 'guard' },
  )
  t.same(breaker, { preHandler: 1, onSend: 1 }, 'circuit-breaker')
  const key = await hooksOf(
    t,
    async (app) => {
      await app.register(apiKeyAuth, { store: memoryKeys() })
    },
    { apiKey: true },
  )
  t.same(key, { onRequest: 1 }, 'api-key-auth')
  const cache = await hooksOf(
    t,
    async (app) => {
      await app.register(responseCache)
    },
    { responseCache: true },
  )
  t.same(cache, { onRequest: 1, onSend: 1 }, 'response-cache')
  const stats = await hooksOf(
    t,
    async (app) => {
      await app.register(circuitBreaker)
      await app.register(breakerStats, { access: () => {} })
    },
    { circuitBreaker: 'guard' },
  )
  t.same(
    stats,
    { preHandler: 1, onSend: 1, onResponse: 1, onRequestAbort: 1 },
    'circuit-breaker and breaker-stats',
  )
})
