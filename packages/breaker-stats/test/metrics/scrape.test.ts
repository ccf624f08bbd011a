import { spawnSync } from 'node:child_process'
import { circuitBreaker } from '@sluice/circuit-breaker'
import Fastify from 'fastify'
import { Counter, Registry } from 'prom-client'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { breakerStats } from '../../src/index.ts'
import { busyFleet } from '../busy-fleet.ts'
import { gateway, succeed, trip } from '../gateway.ts'

const access = (): void => {}

test('tells states, calls, refusals and transitions', async (t) => {
  const { app, registry } = await gateway(t, { access })
  succeed(registry, 'orders', 4)
  trip(registry, 'payments')
  registry.get('payments')?.acquire()
  const { body, headers } = await app.inject('/metrics')
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  for (const line of [
    'circuitbreaker_state{name="orders",state="closed"} 1',
    'circuitbreaker_state{name="payments",state="open"} 1',
    'circuitbreaker_state{name="payments",state="closed"} 0',
    'circuitbreaker_buffered_calls{name="orders",kind="successful"} 4',
    'circuitbreaker_calls_seconds_count{name="orders",kind="successful"} 4',
    'circuitbreaker_calls_seconds_bucket{name="payments",kind="failed",le="+Inf"} 20',
    'circuitbreaker_failure_rate{name="orders"} -1',
    'circuitbreaker_not_permitted_calls_total{name="payments",kind="not_permitted",reason="open"} 1',
    'circuitbreaker_transitions_total{name="payments",from="closed",to="open",scope="local"} 1',
  ]) {
    t.ok(body.includes(`${line}\n`), line)
  }
  t.match(body, /circuitbreaker_open_seconds_total\{name="payments"\} 0\.?\d*/)
  t.notMatch(body, 'circuitbreaker_votes', 'no fleet, no votes')
})

test(
  'passes the lint of Prometheus, with everything there is',
  { skip: skipWithout('promtool') },
  async (t) => {
    const { app, registry } = await gateway(
      t,
      { access },
      { before: (fastify) => void busyFleet(fastify, fastify.circuitBreakers) },
    )
    succeed(registry, 'a "quoted"\\name\n', 1)
    const checked = spawnSync('promtool', ['check', 'metrics'], {
      input: (await app.inject('/metrics')).body,
      encoding: 'utf8',
    })
    t.equal(checked.stderr + checked.stdout, '')
    t.equal(checked.status, 0)
  },
)

test('speaks OpenMetrics when asked', async (t) => {
  const { app, registry } = await gateway(t, { access })
  succeed(registry, 'orders', 1)
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
  const { body, headers } = await app.inject({ url: '/metrics', headers: { accept } })
  t.match(headers['content-type'], /^application\/openmetrics-text/)
  t.match(body, '# TYPE circuitbreaker_fallbacks counter\n')
  t.ok(body.endsWith('# EOF\n'))
})

test('adds itself to a registry of prom-client, in the format of that', async (t) => {
  for (const contentType of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE] as const) {
    const theirs = new Registry()
    theirs.setContentType(contentType as never)
    new Counter({ name: 'theirs_total', help: 'Theirs', registers: [theirs] }).inc(7)
    const { app, registry } = await gateway(t, { access, registry: theirs })
    succeed(registry, 'orders', 1)
    const { body, headers } = await app.inject('/metrics')
    t.equal(headers['content-type'], contentType)
    t.match(body, 'theirs_total 7')
    t.match(body, 'circuitbreaker_state{name="orders",state="closed"} 1')
    t.equal(body.match(/# EOF/g)?.length ?? 0, contentType === Registry.OPENMETRICS_CONTENT_TYPE ? 1 : 0)
  }
})

test('shows the breakers of a template as one, so that keys are no labels', async (t) => {
  const { app, registry } = await gateway(t, { access })
  const tenants = registry.keyed('tenant', { minimumCalls: 2 })
  for (const key of ['a', 'b', 'c']) {
    const breaker = tenants.get(key)
    for (let call = 0; call < 2; call++) {
      const permit = breaker.acquire()
      if (!permit.admitted) continue
      if (key === 'c') permit.failure()
      else permit.success()
    }
  }
  const { body } = await app.inject('/metrics')
  t.notMatch(body, 'tenant:a')
  for (const line of [
    'circuitbreaker_active{name="tenant"} 4',
    'circuitbreaker_state{name="tenant",state="open"} 1',
    'circuitbreaker_state{name="tenant",state="closed"} 3',
    'circuitbreaker_calls_seconds_count{name="tenant",kind="successful"} 4',
    'circuitbreaker_transitions_total{name="tenant",from="closed",to="open",scope="local"} 1',
  ]) {
    t.ok(body.includes(`${line}\n`), line)
  }
})

test('counts the requests of routes with a breaker', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(circuitBreaker, { defaults: { minimumCalls: 2 } })
  await app.register(breakerStats, { access })
  app.get<{ Params: { code: string } }>(
    '/orders/:code',
    { config: { circuitBreaker: 'orders' } },
    async ({ params }, reply) => {
      void reply.code(Number(params.code))
      return ''
    },
  )
  app.get('/unnamed', { config: { circuitBreaker: {} } }, async () => 'ok')
  app.get('/free', async () => 'ok')
  for (const code of [200, 404, 500, 500, 500]) await app.inject(`/orders/${code}`)
  t.equal((await app.inject('/orders/200')).statusCode, 503)
  await app.inject('/unnamed')
  await app.inject('/free')
  const { body } = await app.inject('/metrics')
  const counted = body
    .split('\n')
    .filter((line) => line.startsWith('gateway_proxy_requests_total') && !line.endsWith(' 0'))
  const refused = registryOf(app)
  t.same(counted, [
    'gateway_proxy_requests_total{service="orders",method="GET",status="success"} 1',
    'gateway_proxy_requests_total{service="orders",method="GET",status="client_error"} 1',
    `gateway_proxy_requests_total{service="orders",method="GET",status="error"} ${4 - refused}`,
    `gateway_proxy_requests_total{service="orders",method="GET",status="circuit_open"} ${refused}`,
    'gateway_proxy_requests_total{service="GET /unnamed",method="GET",status="success"} 1',
  ])
  t.match(body, 'gateway_proxy_request_duration_seconds_count{service="orders",method="GET"} 6')
})

test('a 503 that only looks like a breaker’s is an error', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(circuitBreaker)
  await app.register(breakerStats, { access })
  app.get('/', { config: { circuitBreaker: 'orders' } }, async (_request, reply) =>
    reply.code(503).send({ code: 'SLUICE_BREAKER_OPEN' }),
  )
  await app.inject('/')
  t.match(
    (await app.inject('/metrics')).body,
    'gateway_proxy_requests_total{service="orders",method="GET",status="error"} 1',
  )
})

function registryOf(app: {
  circuitBreakers: { get(name: string): { snapshot(): { totals: { rejects: number } } } | undefined }
}): number {
  return app.circuitBreakers.get('orders')?.snapshot().totals.rejects ?? 0
}
