import { BreakerRegistry } from '@sluice/circuit-breaker'
import { test } from 'tap'
import { meterBreakers } from '../examples/opentelemetry.ts'
import { build } from '../examples/stats.ts'
import { succeed, trip } from './gateway.ts'

const here = { headers: { host: 'localhost' } }

test('the example shows its breaker, and its test button works', async (t) => {
  const app = await build()
  t.teardown(() => app.close())
  t.same((await app.inject('/menu')).json(), ['soup', 'bread'])
  t.match((await app.inject({ url: '/stats/circuit-breakers', ...here })).json(), {
    circuitBreakers: [{ serviceName: 'menu', state: 'CLOSED', stats: { successes: 1 } }],
  })
  t.match((await app.inject({ url: '/monitor', ...here })).body, 'data-test="/monitor/test"')
  const seen: string[] = []
  const isBack = new Promise<void>((done) =>
    app.circuitBreakers.on('transition', ({ to }) => {
      seen.push(to)
      if (to === 'closed') done()
    }),
  )
  t.equal((await app.inject({ method: 'POST', url: '/monitor/test', ...here })).statusCode, 202)
  t.match((await app.inject({ method: 'POST', url: '/monitor/test', ...here })).json(), { status: 409 })
  await isBack
  t.same(seen, ['open', 'half-open', 'recovering', 'closed'])
})

test('the OpenTelemetry example measures calls, refusals and changes', (t) => {
  const seen: unknown[][] = []
  const note = (name: string) => (value: number, attributes: object) =>
    void seen.push([name, value, attributes])
  meterBreakers({
    createCounter: (name) => ({ add: note(name) }),
    createHistogram: (name) => ({ record: note(name) }),
  })
  const registry = new BreakerRegistry()
  succeed(registry, 'otel', 1)
  trip(registry, 'otel-down')
  registry.get('otel-down')?.acquire()
  const of = (name: string) =>
    seen.filter(([seenName]) => seenName === name).map(([, , attributes]) => attributes)
  t.match(of('circuitbreaker.call.duration')[0], {
    'circuitbreaker.name': 'otel',
    'circuitbreaker.outcome': 'success',
  })
  t.same(of('circuitbreaker.state.changes'), [
    { 'circuitbreaker.name': 'otel-down', from: 'closed', to: 'open' },
  ])
  t.same(of('circuitbreaker.call.rejected'), [{ 'circuitbreaker.name': 'otel-down', reason: 'open' }])
  t.end()
})
