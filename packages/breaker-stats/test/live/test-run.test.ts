import { BreakerRegistry } from '@sluice/circuit-breaker'
import { test } from 'tap'
import type { CircuitBreakerTest } from '../../src/index.ts'
import type { TestProgress } from '../../src/live/protocol.ts'
import { TestRun } from '../../src/live/test-run.ts'

const quick = {
  minimumCalls: 2,
  open: { durationMs: 50, jitter: 0 },
  probe: { max: 1 },
  recovery: { rampMs: 0 },
}

function faulty(
  registry: BreakerRegistry,
  trouble?: Error,
): { service: CircuitBreakerTest; calls: string[] } {
  const calls: string[] = []
  const service: CircuitBreakerTest = {
    breaker: 'orders',
    fail: async () => void calls.push('fail'),
    heal: async () => void calls.push('heal'),
    request: async () => {
      if (trouble !== undefined) throw trouble
      const permit = registry.ensure('orders').acquire()
      if (!permit.admitted) return 503
      if (calls.at(-1) === 'fail') permit.failure()
      else permit.success()
      return 200
    },
  }
  return { service, calls }
}

function run(
  registry: BreakerRegistry,
  service: CircuitBreakerTest,
): { run: TestRun; over: Promise<string[]>; phases: string[] } {
  const phases: string[] = []
  let finish: (phases: string[]) => void
  const over = new Promise<string[]>((done) => (finish = done))
  const show = ({ phase, message }: TestProgress): void => {
    phases.push(phase === 'failed' ? message : phase)
    if (phase === 'done' || phase === 'failed') finish(phases)
  }
  return { run: new TestRun(service, () => registry.get('orders'), show), over, phases }
}

test('drives a breaker round, and one at a time', async (t) => {
  const registry = new BreakerRegistry({ defaults: quick })
  const { service, calls } = faulty(registry)
  const { run: testRun, over } = run(registry, service)
  testRun.start()
  t.throws(() => testRun.start(), { code: 'SLUICE_STATS_TEST_RUNNING' })
  t.same(await over, ['failing', 'waiting', 'healing', 'done'])
  t.same(registry.get('orders')?.state, 'closed')
  t.same(calls.slice(0, 2), ['fail', 'heal'])
})

test('heals the service when the test fails or is cut short', async (t) => {
  const registry = new BreakerRegistry({ defaults: quick })
  const broken = faulty(registry, new Error('no route'))
  const failing = run(registry, broken.service)
  failing.run.start()
  t.same(await failing.over, ['failing', 'The test failed: no route'])
  await new Promise(setImmediate)
  t.equal(broken.calls.at(-1), 'heal')

  const endless = faulty(new BreakerRegistry({ defaults: { ...quick, mode: 'observe' } }))
  const cut = run(new BreakerRegistry(), endless.service)
  cut.run.start()
  cut.run.stop()
  t.same(await cut.over, ['failing', 'The test was cut short.'])
})
