import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'tap'
import { parseControl } from '../../src/api/control.ts'
import { parseDuration } from '../../src/duration.ts'
import { gateway, succeed } from '../gateway.ts'

test('takes durations in ms and with a unit', (t) => {
  t.equal(parseDuration(1500), 1500)
  t.equal(parseDuration('1.5s'), 1500)
  t.equal(parseDuration('250ms'), 250)
  t.equal(parseDuration('2h'), 7_200_000)
  for (const bad of ['', '30', 's', '-1s', '1w', NaN, Infinity, null, {}])
    t.equal(parseDuration(bad), undefined)
  t.end()
})

test('takes a body or none', (t) => {
  t.same(parseControl('open', undefined), {})
  t.same(parseControl('open', { reason: 'x', forMs: '30s', scope: 'local' }), {
    reason: 'x',
    forMs: 30_000,
    scope: 'local',
  })
  t.end()
})

test('says everything that is wrong with a body', (t) => {
  const bodies = [
    [],
    'open',
    { reason: 7 },
    { reason: 'x'.repeat(201) },
    { forMs: 0 },
    { forMs: '31d' },
    { scope: 'all' },
    { until: 1 },
  ]
  for (const body of bodies)
    t.throws(() => parseControl('open', body), { code: 'SLUICE_STATS_BAD_CONTROL' }, JSON.stringify(body))
  t.throws(() => parseControl('reset', { forMs: 10 }), { message: /forMs means nothing to reset/ })
  t.throws(() => parseControl('open', { reason: 1, scope: 2 }), { message: /reason.*; scope/ })
  t.end()
})

test('leaves a trace: a log line and an event', async (t) => {
  const lines: string[] = []
  const { app, registry } = await gateway(
    t,
    { access: () => {} },
    {
      server: { logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } } },
      before: (fastify) => {
        fastify.addHook('onRequest', async (request) => {
          ;(request as any).apiKey = { id: 'k1', consumer: 'mara' }
        })
      },
    },
  )
  succeed(registry, 'orders', 1)
  const events: unknown[] = []
  const listen = (event: unknown) => void events.push(event)
  subscribe('sluice:breaker-stats:control', listen)
  t.teardown(() => void unsubscribe('sluice:breaker-stats:control', listen))
  await app.inject({
    method: 'POST',
    url: '/stats/circuit-breakers/orders/open',
    payload: { reason: 'drill', forMs: 5000 },
  })
  const expected = {
    breaker: 'orders',
    action: 'open',
    actor: 'mara',
    reason: 'drill',
    forMs: 5000,
    scope: 'local',
  }
  t.match(events, [expected])
  const logged = lines.map((line) => JSON.parse(line))
  t.match(
    logged.find(({ audit }) => audit !== undefined),
    { level: 40, audit: expected, msg: 'circuit breaker orders: open by mara' },
  )
  t.match(
    logged.find(({ to }) => to !== undefined),
    {
      level: 40,
      circuitBreaker: 'orders',
      from: 'closed',
      to: 'forced-open',
      scope: 'manual',
      actor: 'mara',
    },
  )
})
