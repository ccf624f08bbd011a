import { test } from 'tap'
import { gateway, succeed, trip } from '../gateway.ts'

const stats = '/stats/circuit-breakers'
const readAndAct = { access: () => {} }

test('tells every breaker in the shape of S0, with more', async (t) => {
  const { app, registry } = await gateway(t, readAndAct)
  succeed(registry, 'orders', 3)
  trip(registry, 'payments')
  const answer = await app.inject(stats)
  t.equal(answer.statusCode, 200)
  const [orders, payments] = answer.json().circuitBreakers
  t.match(orders, {
    serviceName: 'orders',
    state: 'CLOSED',
    stats: { fires: 3, successes: 3, failures: 0, timeouts: 0, fallbacks: 0, rejects: 0 },
  })
  t.match(payments, {
    serviceName: 'payments',
    state: 'OPEN',
    scope: 'local',
    stats: { failures: 20 },
    window: { failures: 20 },
    transitions: [{ from: 'CLOSED', to: 'OPEN', scope: 'local' }],
    configuration: { failureRatio: 0.5, minimumCalls: 20 },
  })
  t.ok(Date.parse(payments.retryAt) > Date.parse(payments.since))
  t.type(payments.transitions[0].cause, 'string')
})

test('tells one breaker by its name, however it is spelled', async (t) => {
  const { app, registry } = await gateway(t, readAndAct)
  succeed(registry, 'orders@10.0.0.1:8080 a/b', 1)
  const answer = await app.inject(`${stats}/${encodeURIComponent('orders@10.0.0.1:8080 a/b')}`)
  t.match(answer.json(), { serviceName: 'orders@10.0.0.1:8080 a/b', state: 'CLOSED', savedCalls: 0 })
})

test('answers problems', async (t) => {
  const { app, registry } = await gateway(t, readAndAct)
  succeed(registry, 'orders', 1)
  const cases = [
    { method: 'GET', url: `${stats}/nobody`, status: 404, code: 'SLUICE_STATS_UNKNOWN_BREAKER' },
    { method: 'POST', url: `${stats}/nobody/reset`, status: 404, code: 'SLUICE_STATS_UNKNOWN_BREAKER' },
    { method: 'DELETE', url: stats, status: 405, code: 'SLUICE_STATS_METHOD', allow: 'GET, HEAD' },
    { method: 'GET', url: `${stats}/orders/reset`, status: 405, code: 'SLUICE_STATS_METHOD', allow: 'POST' },
    { method: 'PUT', url: '/metrics', status: 405, code: 'SLUICE_STATS_METHOD', allow: 'GET, HEAD' },
    { method: 'POST', url: '/monitor', status: 405, code: 'SLUICE_STATS_METHOD', allow: 'GET, HEAD' },
    { method: 'GET', url: '/monitor/live', status: 426, code: 'SLUICE_STATS_UPGRADE_REQUIRED' },
    {
      method: 'POST',
      url: `${stats}/orders/open`,
      body: { forMs: -1 },
      status: 400,
      code: 'SLUICE_STATS_BAD_CONTROL',
    },
    {
      method: 'POST',
      url: `${stats}/orders/open`,
      body: '{',
      status: 400,
      code: 'FST_ERR_CTP_INVALID_JSON_BODY',
    },
    {
      method: 'POST',
      url: `${stats}/orders/open`,
      body: { scope: 'fleet' },
      status: 409,
      code: 'SLUICE_STATS_NO_FLEET',
    },
  ] as const
  for (const { method, url, status, code, ...rest } of cases) {
    const body = 'body' in rest ? rest.body : undefined
    const answer = await app.inject({
      method,
      url,
      ...(body === undefined ? {} : { payload: body, headers: { 'content-type': 'application/json' } }),
    })
    t.equal(answer.headers['content-type'], 'application/problem+json', `${method} ${url}`)
    t.match(answer.json(), { type: 'about:blank', status, code }, `${method} ${url}`)
    t.equal(answer.headers.allow, 'allow' in rest ? rest.allow : undefined)
  }
})

test('opens, disables, closes and resets by hand', async (t) => {
  const { app, registry } = await gateway(t, readAndAct)
  succeed(registry, 'orders', 5)
  const act = (action: string, payload?: object) =>
    app.inject({
      method: 'POST',
      url: `${stats}/orders/${action}`,
      ...(payload === undefined ? {} : { payload }),
    })

  const opened = await act('open', { reason: 'migration', forMs: '30s' })
  t.match(opened.json(), {
    state: 'FORCED_OPEN',
    forced: { mode: 'FORCED_OPEN', reason: 'migration', actor: '127.0.0.1' },
  })
  const left = Date.parse(opened.json().forced.until) - Date.now()
  t.ok(left > 0 && left <= 30_000)
  t.equal(registry.get('orders')?.acquire().admitted, false)
  t.match((await act('disable')).json(), { state: 'DISABLED' })
  t.match((await act('close')).json(), { state: 'CLOSED' })
  succeed(registry, 'orders', 5)
  t.match((await act('reset')).json(), { state: 'CLOSED', window: { calls: 0 } })
})

test('has the addresses of S3 too', async (t) => {
  const { app, registry } = await gateway(t, readAndAct)
  trip(registry, 'search')
  const all = await app.inject('/api/v1/circuit-breakers')
  t.same(all.json(), {
    circuit_breakers: {
      search: { state: 'open', failure_count: 20, success_count: 0, recent_failures: 20, total_calls: 20 },
    },
  })
  const reset = await app.inject({ method: 'POST', url: '/api/v1/circuit-breakers/search/reset' })
  t.match(reset.json(), { service: 'search', state: 'closed', recent_failures: 0 })
})

test('shows what the other plugins count, where they are', async (t) => {
  const cache = {
    hits: 3,
    misses: 1,
    stale: 0,
    revalidated: 0,
    bypass: 0,
    coalesced: 2,
    stores: 1,
    evictions: 0,
    errors: 0,
    memory: { bytes: 10, entries: 1, maxBytes: 100 },
  }
  const { app } = await gateway(t, readAndAct, {
    before: (fastify) => {
      fastify.decorate('responseCache', { stats: () => cache } as never)
    },
  })
  const answer = (await app.inject(stats)).json()
  t.same(answer.cache, cache)
  t.notOk('retry' in answer || 'auth' in answer || 'rateLimits' in answer)
})
