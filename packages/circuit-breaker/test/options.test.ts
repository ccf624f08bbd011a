import { test } from 'tap'
import { type BreakerOptions, createCircuitBreaker, OptionsError } from '../src/index.ts'
import { fail, succeed, trip } from '../src/testing/index.ts'
import { problemsOf } from './problems.ts'
import { permit, subject } from './subject.ts'

function pathsOf(options: unknown): string[] {
  const make = (): unknown => createCircuitBreaker({ name: 'b', ...(options as BreakerOptions) })
  return problemsOf(make).map(({ path }) => path)
}

test('has the documented defaults, complete and frozen', (t) => {
  const { options } = createCircuitBreaker({ name: 'b' })
  t.strictSame(options, {
    window: { type: 'time', durationMs: 10_000, buckets: 10 },
    failureRatio: 0.5,
    minimumCalls: 20,
    consecutiveFailures: false,
    slowCall: false,
    strategy: undefined,
    open: { durationMs: 30_000, maxMs: 300_000, factor: 2, jitter: 0.2 },
    probe: { max: 3, concurrency: 1, successRatio: 0.67, timeoutMs: undefined, maxWaitMs: 30_000 },
    recovery: { rampMs: 10_000, floor: 0.1 },
    isFailure: undefined,
    failOn: { status: undefined, network: true },
    timeoutMs: undefined,
    bulkhead: false,
    leaseMs: 600_000,
    mode: 'enforce',
    fallback: undefined,
    group: undefined,
  })
  t.ok(Object.isFrozen(options))
  t.ok(Object.isFrozen(options.open))
  t.end()
})

test('completes what is given in part', (t) => {
  const given: BreakerOptions = {
    window: { type: 'count' },
    slowCall: { durationMs: 100 },
    open: { durationMs: 600_000 },
    probe: { max: 5 },
    bulkhead: { max: 'auto' },
    failOn: { status: [500] },
  }
  const { options } = createCircuitBreaker({ name: 'b', ...given })
  t.match(options, {
    window: { type: 'count', size: 100 },
    slowCall: { durationMs: 100, ratio: 0.8 },
    open: { durationMs: 600_000, maxMs: 600_000, factor: 2 },
    probe: { max: 5, concurrency: 1 },
    bulkhead: { max: 'auto', queue: 0, queueTimeoutMs: 1_000 },
    failOn: { status: [500], network: true },
  })
  t.same(given.open, { durationMs: 600_000 }, 'what the user gave is left alone')
  t.end()
})

test('tells all problems at once, each with path, value and expectation', (t) => {
  const bad = {
    name: 'orders',
    failureRatio: 1.5,
    minimumCalls: 0,
    open: { durationMs: -1, jitter: 2 },
    mode: 'off',
    retries: 3,
  }
  const problems = problemsOf(() => createCircuitBreaker(bad as never))
  t.same(problems, [
    {
      path: 'orders.retries',
      received: 3,
      expected: `one of the options ${Object.keys(createCircuitBreaker({ name: 'b' }).options).join(', ')}`,
    },
    { path: 'orders.failureRatio', received: 1.5, expected: 'a number above 0 to 1 or false' },
    { path: 'orders.minimumCalls', received: 0, expected: 'a whole number from 1' },
    { path: 'orders.open.durationMs', received: -1, expected: 'a number above 0' },
    { path: 'orders.open.jitter', received: 2, expected: 'a number from 0 to 1' },
    { path: 'orders.mode', received: 'off', expected: 'one of enforce, observe, disabled' },
  ])
  const error = new OptionsError(problems.slice(2, 4))
  t.equal(
    error.message,
    'orders.minimumCalls: expected a whole number from 1, got 0\norders.open.durationMs: expected a number above 0, got -1',
  )
  t.equal(error.code, 'SLUICE_BREAKER_OPTIONS')
  t.end()
})

test('an error shows what it got, whatever that is', (t) => {
  const problem = (received: unknown): string =>
    new OptionsError([{ path: 'p', received, expected: 'x' }]).message
  t.equal(problem('a'), 'p: expected x, got "a"')
  t.equal(problem(problem), 'p: expected x, got a function')
  t.equal(problem([1, 2]), 'p: expected x, got an array of 2')
  t.equal(problem({}), 'p: expected x, got an object')
  t.equal(problem(null), 'p: expected x, got null')
  t.end()
})

const bad: [string, unknown, string[]][] = [
  ['not an object', { window: 10 }, ['b.window']],
  ['an unknown window', { window: { type: 'hour' } }, ['b.window.type']],
  [
    'a window of nothing',
    { window: { type: 'time', durationMs: 0, buckets: 0 } },
    ['b.window.durationMs', 'b.window.buckets'],
  ],
  ['half a call', { window: { type: 'count', size: 1.5 } }, ['b.window.size']],
  ['options of the other window', { window: { type: 'count', buckets: 3 } }, ['b.window.buckets']],
  ['a ratio of 0', { failureRatio: 0 }, ['b.failureRatio']],
  ['not a number', { failureRatio: NaN, minimumCalls: '20' }, ['b.failureRatio', 'b.minimumCalls']],
  ['no failures in a row', { consecutiveFailures: 0 }, ['b.consecutiveFailures']],
  ['another word', { consecutiveFailures: 'cusum' }, ['b.consecutiveFailures']],
  ['slow without a limit', { slowCall: {} }, ['b.slowCall.durationMs']],
  ['a slow ratio above 1', { slowCall: { durationMs: 1, ratio: 2 } }, ['b.slowCall.ratio']],
  ['no strategy', { strategy: {} }, ['b.strategy']],
  ['a maximum below the duration', { open: { durationMs: 10, maxMs: 9 } }, ['b.open.maxMs']],
  ['a shrinking factor', { open: { factor: 0.5 } }, ['b.open.factor']],
  ['more at once than at all', { probe: { max: 2, concurrency: 3 } }, ['b.probe.concurrency']],
  [
    'probes without time',
    { probe: { timeoutMs: 0, maxWaitMs: 0, successRatio: 0 } },
    ['b.probe.successRatio', 'b.probe.timeoutMs', 'b.probe.maxWaitMs'],
  ],
  ['no probes', { probe: { max: 0 } }, ['b.probe.max']],
  ['a floor of 0', { recovery: { rampMs: -1, floor: 0 } }, ['b.recovery.rampMs', 'b.recovery.floor']],
  ['no function', { isFailure: true }, ['b.isFailure']],
  ['not a status', { failOn: { status: [99], network: 'yes' } }, ['b.failOn.network', 'b.failOn.status']],
  ['no time', { timeoutMs: 0, leaseMs: 0 }, ['b.timeoutMs', 'b.leaseMs']],
  ['a bulkhead without a limit', { bulkhead: {} }, ['b.bulkhead.max']],
  [
    'a bulkhead for nobody',
    { bulkhead: { max: 0, queue: -1, queueTimeoutMs: 0 } },
    ['b.bulkhead.max', 'b.bulkhead.queue', 'b.bulkhead.queueTimeoutMs'],
  ],
  ['no fallback', { fallback: 'cache' }, ['b.fallback']],
  ['an unknown fallback', { fallback: { type: 'retry' } }, ['b.fallback']],
  [
    'a static fallback of 42',
    { fallback: { type: 'static', status: 42, headers: 'no' } },
    ['b.fallback.status', 'b.fallback.headers'],
  ],
  ['a fallback to nowhere', { fallback: { type: 'upstream', origin: 'nowhere' } }, ['b.fallback.origin']],
  ['a fallback to a file', { fallback: { type: 'upstream', origin: 'file:///etc' } }, ['b.fallback.origin']],
  ['too much for a cache', { fallback: { type: 'cache', ttl: 1 } }, ['b.fallback.ttl']],
  ['a group without a name', { group: '' }, ['b.group']],
]

for (const [what, options, paths] of bad) {
  test(`refuses ${what}`, (t) => {
    t.same(pathsOf(options), paths)
    t.end()
  })
}

test('accepts what lies on the bounds', (t) => {
  t.same(
    pathsOf({
      failureRatio: 1,
      minimumCalls: 1,
      failOn: { status: [100, 599] },
      open: { durationMs: 1, maxMs: 1, factor: 1, jitter: 1 },
      probe: { max: 1, concurrency: 1, successRatio: 1 },
      recovery: { rampMs: 0, floor: 1 },
      window: { type: 'time', durationMs: 1, buckets: 1 },
    }),
    [],
  )
  t.end()
})

test('accepts every kind of fallback, and words that switch rules off', (t) => {
  for (const fallback of [
    { type: 'cache' },
    { type: 'static', status: 503, headers: { a: 'b' }, body: { x: 1 } },
    { type: 'upstream', origin: 'https://backup.example' },
    () => 1,
  ]) {
    t.same(pathsOf({ fallback }), [])
  }
  t.same(
    pathsOf({
      failureRatio: false,
      consecutiveFailures: false,
      slowCall: false,
      bulkhead: false,
      timeoutMs: false,
    }),
    [],
  )
  t.end()
})

test('opossum #450: update keeps state, window and totals, and changes the rest at once', (t) => {
  const { breaker } = subject()
  succeed(breaker, 10)
  fail(breaker, 5)
  breaker.update({ minimumCalls: 10, failureRatio: 0.35 })
  t.match(breaker.snapshot().window, { calls: 15, failures: 5 })
  t.equal(breaker.options.open.durationMs, 30_000)
  fail(breaker, 1)
  t.equal(breaker.state, 'open')
  t.end()
})

test('update to another window takes its calls along', (t) => {
  const { breaker, clock } = subject()
  succeed(breaker, 3)
  fail(breaker, 2)
  breaker.update({ window: { type: 'count', size: 10 } })
  t.match(breaker.snapshot().window, { calls: 5, failures: 2 })
  breaker.update({ window: { type: 'time', durationMs: 1_000, buckets: 1 } })
  t.match(breaker.snapshot().window, { calls: 5, failures: 2 })
  clock.advance(1_000)
  t.equal(breaker.snapshot().window.calls, 0)
  t.end()
})

test('update switches rules off', (t) => {
  const { breaker } = subject({ slowCall: { durationMs: 5 }, bulkhead: { max: 1 }, timeoutMs: 5 })
  breaker.update({ slowCall: false, bulkhead: false, timeoutMs: false })
  t.match(breaker.options, { slowCall: false, bulkhead: false, timeoutMs: undefined })
  t.end()
})

test('update of a part of the window keeps the other part', (t) => {
  const { breaker } = subject({ window: { type: 'time', durationMs: 5_000 } })
  breaker.update({ window: { type: 'time', buckets: 5 } })
  t.same(breaker.options.window, { type: 'time', durationMs: 5_000, buckets: 5 })
  breaker.update({ window: { type: 'count', size: 7 } })
  breaker.update({ window: { type: 'count' } })
  t.same(breaker.options.window, { type: 'count', size: 7 })
  t.end()
})

test('update reaches a half-open breaker', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker).success()
  breaker.update({ probe: { max: 1 } })
  t.equal(breaker.state, 'recovering', 'one probe is enough now, and there was one')
  t.end()
})

test('a bad update changes nothing', (t) => {
  const { breaker } = subject()
  const before = breaker.options
  t.throws(() => breaker.update({ minimumCalls: 5, failureRatio: 2 }), { code: 'SLUICE_BREAKER_OPTIONS' })
  t.equal(breaker.options, before)
  t.same(
    problemsOf(() => breaker.update({ leaseMs: 1 })),
    [{ path: 'orders.leaseMs', received: 1, expected: '600000, it cannot change' }],
  )
  t.end()
})

test('mode disabled and back', (t) => {
  const { breaker, transitions } = subject({ mode: 'disabled' })
  t.equal(breaker.state, 'disabled')
  fail(breaker, 100)
  t.match(breaker.snapshot(), { state: 'disabled', window: { failures: 100 } })
  breaker.update({ mode: 'enforce' })
  t.equal(breaker.state, 'closed')
  t.equal(breaker.snapshot().window.calls, 0)
  breaker.update({ mode: 'disabled' })
  t.equal(breaker.state, 'disabled')
  t.same(
    transitions.map(({ to, reason }) => `${to}: ${reason}`),
    ['closed: mode enforce', 'disabled: mode disabled'],
  )
  t.end()
})
