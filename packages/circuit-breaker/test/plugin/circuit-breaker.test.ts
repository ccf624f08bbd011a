import Fastify, { type FastifyInstance } from 'fastify'
import { test, type Test } from 'tap'
import defaultExport, {
  BreakerRegistry,
  circuitBreaker,
  type CircuitBreakerOptions,
  OptionsError,
  type RouteBreaker,
} from '../../src/index.ts'
import { recordOutcomes } from '../upstream-server.ts'

async function build(t: Test, options: CircuitBreakerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(circuitBreaker, options)
  return app
}

/** What is wrong at start-up. */
async function problems(app: FastifyInstance): Promise<OptionsError['problems']> {
  try {
    await app.ready()
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems
    throw error
  }
}

test('the plugin decorates the app with its breakers', async (t) => {
  t.equal(defaultExport, circuitBreaker)
  const app = await build(t, { breakers: { orders: { failureRatio: 0.3 } } })
  t.ok(app.circuitBreakers instanceof BreakerRegistry)
  t.equal(app.circuitBreakers.get('orders')?.options.failureRatio, 0.3)
})

test('a refusal: 503 as a problem with Retry-After in whole seconds, and the fields of S1', async (t) => {
  const app = await build(t)
  app.get('/', { config: { circuitBreaker: 'orders' } }, async () => 'never')
  await app.ready()
  app.circuitBreakers.open('orders', { forMs: 4_200 })
  const response = await app.inject('/')
  t.equal(response.statusCode, 503)
  t.equal(response.headers['content-type'], 'application/problem+json')
  t.equal(response.headers['retry-after'], '5')
  t.strictSame(response.json(), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Service orders is temporarily unavailable: the circuit breaker refused the request (forced)',
    code: 'SLUICE_BREAKER_OPEN',
    error: 'Service Unavailable',
    message: 'Service orders is temporarily unavailable',
    circuitBreaker: 'orders',
    circuitBreakerState: 'FORCED_OPEN',
    retryAfter: 5,
  })
})

test('Retry-After is at least a second', async (t) => {
  const app = await build(t)
  app.get('/', { config: { circuitBreaker: 'orders' } }, async () => 'never')
  await app.ready()
  app.circuitBreakers.get('orders')?.pause(100, 'upstream asked for it')
  const response = await app.inject('/')
  t.equal(response.headers['retry-after'], '1')
  t.match(response.json(), { circuitBreakerState: 'OPEN', retryAfter: 1 })
})

test('a reply says whether it is a refusal, and a fallback is none', async (t) => {
  const app = await build(t)
  const told: unknown[] = []
  app.addHook('onResponse', async (_request, reply) => void told.push(reply.circuitBreakerRefusal))
  app.get('/bare', { config: { circuitBreaker: { name: 'bare', permit: 'attempt' } } }, async () => 'ok')
  const fallback = { type: 'static', status: 503, body: 'later' } as const
  app.get('/held', { config: { circuitBreaker: { name: 'held', fallback } } }, async () => 'ok')
  await app.inject('/bare')
  for (const name of ['bare', 'held']) {
    app.circuitBreakers.open(name)
    t.equal((await app.inject(`/${name}`)).statusCode, 503)
  }
  t.match(told, [null, { code: 'SLUICE_BREAKER_OPEN', breaker: 'bare' }, null])
})

test('routes without the option, and with false, are left alone', async (t) => {
  const app = await build(t)
  app.get('/plain', async ({ circuitBreaker: permit }) => ({ permit }))
  app.get('/off', { config: { circuitBreaker: false } }, async ({ circuitBreaker: permit }) => ({ permit }))
  for (const url of ['/plain', '/off']) t.strictSame((await app.inject(url)).json(), { permit: null })
  t.strictSame(app.circuitBreakers.list(), [])
})

test('a route without a name has a breaker of its own, which its HEAD twin shares', async (t) => {
  const app = await build(t)
  app.get('/orders/:id', { config: { circuitBreaker: { minimumCalls: 5 } } }, async () => 'order')
  app.post('/orders', { config: { circuitBreaker: {} } }, async () => 'made')
  await app.ready()
  t.strictSame(
    app.circuitBreakers.list().map(({ name }) => name),
    ['GET /orders/:id', 'POST /orders'],
  )
  const outcomes = recordOutcomes(app.circuitBreakers)
  const head = await app.inject({ method: 'HEAD', url: '/orders/1' })
  t.equal(head.headers['content-length'], '5')
  t.strictSame(outcomes, ['success'])
  app.circuitBreakers.open('GET /orders/:id')
  t.equal((await app.inject({ method: 'HEAD', url: '/orders/1' })).statusCode, 503)
  t.equal((await app.inject('/orders/1')).statusCode, 503)
})

test('routes of children are guarded, whatever their prefix, and never by their URL', async (t) => {
  const app = await build(t)
  await app.register(
    async (child) => {
      child.get('/', { config: { circuitBreaker: 'child' } }, async () => 'both with and without the slash')
      child.get('/free', async () => 'free')
    },
    { prefix: '/v1' },
  )
  await app.ready()
  app.circuitBreakers.open('child')
  for (const url of ['/v1', '/v1/']) t.equal((await app.inject(url)).statusCode, 503)
  t.equal((await app.inject('/v1/free')).statusCode, 200)
})

test('a breaker of its own for each key', async (t) => {
  const app = await build(t)
  const key = ({ headers }: { headers: Record<string, unknown> }): string => String(headers['x-tenant'])
  app.get('/', { config: { circuitBreaker: { name: 'tenant', key } } }, async () => 'ok')
  const status = async (tenant: string): Promise<number> =>
    (await app.inject({ url: '/', headers: { 'x-tenant': tenant } })).statusCode
  t.equal(await status('a'), 200)
  app.circuitBreakers.open('tenant:a')
  t.equal(await status('a'), 503)
  t.equal(await status('b'), 200)
})

test('key: one for all routes of a name, or one for each route', async (t) => {
  const app = await build(t)
  for (const url of ['/a', '/b']) {
    app.get(url, { config: { circuitBreaker: { name: 'shop', key: 'upstream' } } }, async () => 'ok')
    app.get(`/own${url}`, { config: { circuitBreaker: { name: 'stock', key: 'route' } } }, async () => 'ok')
  }
  app.get('/alone', { config: { circuitBreaker: { key: 'route' } } }, async () => 'ok')
  const status = async (url: string): Promise<number> => (await app.inject(url)).statusCode
  for (const url of ['/a', '/own/a', '/own/b', '/alone']) t.equal(await status(url), 200, url)
  t.same(
    app.circuitBreakers.list().map(({ name }) => name),
    ['shop', 'stock', 'GET /alone', 'stock:GET /own/a', 'stock:GET /own/b'],
  )
  app.circuitBreakers.open('shop')
  t.equal(await status('/b'), 503, 'they share it')
  app.circuitBreakers.open('stock:GET /own/a')
  t.equal(await status('/own/a'), 503)
  t.equal((await app.inject({ url: '/own/a', method: 'HEAD' })).statusCode, 503, 'its HEAD twin with it')
  t.equal(await status('/own/b'), 200)
})

test('who may not pass needs no permit: the gate comes after the preHandlers of the route', async (t) => {
  const app = await build(t)
  const preHandler = async (): Promise<void> => {
    throw Object.assign(new Error('who are you'), { statusCode: 401 })
  }
  app.get('/', { preHandler, config: { circuitBreaker: 'orders' } }, async () => 'never')
  await app.ready()
  const outcomes = recordOutcomes(app.circuitBreakers)
  t.equal((await app.inject('/')).statusCode, 401)
  app.circuitBreakers.open('orders')
  t.equal((await app.inject('/')).statusCode, 401)
  t.strictSame(outcomes, [])
})

test('start-up lists what is wrong on all routes, with route, path, value and expectation', async (t) => {
  const app = await build(t, { breakers: { shared: { minimumCalls: 5 } } })
  const add = (url: string, option: unknown): void => {
    app.get(url, { config: { circuitBreaker: option as RouteBreaker } }, async () => '')
  }
  add('/ratio', { failureRatio: 1.5, timeoutMs: -1, open: { jitter: 2 } })
  add('/kind', true)
  add('/name', { name: '' })
  add('/permit', { permit: 'maybe', countBody: 'yes', key: 'tenant', maxKeys: 0, fallbackOn: ['rain'] })
  add('/unknown', { failureRate: 0.5 })
  add('/shared', { name: 'shared', minimumCalls: 6 })
  add('/fallback', { fallback: { type: 'upstream', origin: 'ftp://x', prefix: 'orders/', timeoutMs: 0 } })
  const found = await problems(app)
  t.strictSame(
    found.map(({ path, received }) => [path.replace(' config.circuitBreaker', ':'), received]),
    [
      ['GET /ratio:.timeoutMs', -1],
      ['GET /ratio:.failureRatio', 1.5],
      ['GET /ratio:.open.jitter', 2],
      ['GET /kind:', true],
      ['GET /name:.name', ''],
      ['GET /permit:.key', 'tenant'],
      ['GET /permit:.fallbackOn', ['rain']],
      ['GET /permit:.countBody', 'yes'],
      ['GET /permit:.maxKeys', 0],
      ['GET /permit:.permit', 'maybe'],
      ['GET /unknown:.failureRate', 0.5],
      ['GET /shared:', { minimumCalls: 6 }],
      ['GET /fallback:.fallback.origin', 'ftp://x'],
      ['GET /fallback:.fallback.prefix', 'orders/'],
      ['GET /fallback:.fallback.timeoutMs', 0],
    ],
  )
  for (const { expected } of found) t.ok(expected)
})

test('a group with a member that no route has fails at start-up', async (t) => {
  const app = await build(t, { groups: { payment: { members: ['bank', 'fraud'] } } })
  app.get('/', { config: { circuitBreaker: 'bank' } }, async () => '')
  t.match(await problems(app), [{ path: /groups\.payment/ }])
})

test('a group that opens refuses on the routes of all its members', async (t) => {
  const app = await build(t, { groups: { payment: { members: ['bank', 'fraud'], openRatio: 0.4 } } })
  app.get('/bank', { config: { circuitBreaker: 'bank' } }, async () => 'bank')
  app.get('/fraud', { config: { circuitBreaker: 'fraud' } }, async () => 'fraud')
  t.equal((await app.inject('/fraud')).statusCode, 200)
  app.circuitBreakers.open('bank')
  const response = await app.inject('/fraud')
  t.equal(response.statusCode, 503)
  t.match(response.json(), { circuitBreaker: 'fraud', detail: /\(group\)/ })
})

test('observe mode refuses nothing and replaces nothing', async (t) => {
  const app = await build(t, { defaults: { mode: 'observe' } })
  app.get('/', { config: { circuitBreaker: 'route' } }, async () => 'ok')
  app.get(
    '/attempt',
    { config: { circuitBreaker: { name: 'attempt', permit: 'attempt' } } },
    async () => 'ok',
  )
  await app.ready()
  for (const name of ['route', 'attempt']) app.circuitBreakers.get(name)?.pause(60_000, 'test')
  for (const url of ['/', '/attempt']) t.equal((await app.inject(url)).statusCode, 200)
})

test('a queue of the bulkhead is waited in', async (t) => {
  const app = await build(t, { breakers: { narrow: { bulkhead: { max: 1, queue: 1 } } } })
  const open: (() => void)[] = []
  app.get('/', { config: { circuitBreaker: 'narrow' } }, async () => {
    await new Promise<void>((done) => open.push(done))
    return 'ok'
  })
  await app.ready()
  const first = app.inject('/').then(({ statusCode }) => statusCode)
  const second = app.inject('/').then(({ statusCode }) => statusCode)
  while (open.length === 0) await new Promise((done) => setImmediate(done))
  const third = await app.inject('/')
  t.equal(third.statusCode, 503)
  t.match(third.json(), { detail: /\(bulkhead\)/ })
  open.shift()?.()
  t.equal(await first, 200)
  while (open.length === 0) await new Promise((done) => setImmediate(done))
  open.shift()?.()
  t.equal(await second, 200)
})
