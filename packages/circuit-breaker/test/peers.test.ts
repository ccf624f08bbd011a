/** Bugs of other breakers, each as it was seen there; here none of them may come back. */
import { test } from 'tap'
import { createCircuitBreaker } from '../src/index.ts'
import { succeed, trip, ManualClock } from '../src/testing/index.ts'
import { permit, refusal, subject } from './subject.ts'

test('opossum, Polly, resilience4j, failsafe-go: a call from before the trip does not decide half-open', (t) => {
  const { breaker, clock } = subject({ probe: { max: 1 } })
  const early = permit(t, breaker)
  const other = permit(t, breaker)
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker)
  early.success()
  other.failure()
  t.equal(breaker.state, 'half-open')
  t.equal(breaker.snapshot().totals.successes, 1, 'it counts in the statistics')
  t.end()
})

test('@fastify/circuit-breaker: a late success does not close an open breaker', (t) => {
  const { breaker } = subject()
  const early = permit(t, breaker)
  trip(breaker)
  early.success()
  t.equal(breaker.state, 'open')
  t.end()
})

test('failsafe-go: a late result adds no place for a probe', (t) => {
  const { breaker, clock } = subject()
  const early = [permit(t, breaker), permit(t, breaker)]
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker)
  for (const late of early) late.ignore()
  t.equal(refusal(t, breaker).reason, 'half-open')
  t.end()
})

test('@fastify/circuit-breaker: after 50 failures at one time half-open admits one call, not 47', (t) => {
  const { breaker, clock } = subject()
  const burst = Array.from({ length: 50 }, () => permit(t, breaker))
  for (const call of burst) call.failure()
  clock.advance(30_000)
  const admitted = Array.from({ length: 60 }, () => breaker.acquire()).filter((answer) => answer.admitted)
  t.equal(admitted.length, 1)
  t.equal(breaker.snapshot().inFlight, 1)
  t.end()
})

test('@fastify/circuit-breaker, opossum: abandoned probes do not leave it rejecting for ever', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker)
  refusal(t, breaker)
  clock.advance(30_000)
  succeed(breaker, 2)
  t.equal(breaker.state, 'recovering')
  t.end()
})

test('opossum #262: what the filter calls no failure is no success either, and closes nothing', (t) => {
  const { breaker, clock } = subject({ probe: { max: 1 } })
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker).ignore()
  t.equal(breaker.state, 'half-open')
  t.match(breaker.snapshot().totals, { ignored: 1, successes: 0 })
  t.end()
})

test('tsouza/cerberus #738: clients that leave do not open it, and do not dilute failures', (t) => {
  const { breaker } = subject()
  for (let call = 0; call < 1_000; call += 1) permit(t, breaker).ignore()
  t.equal(breaker.state, 'closed')
  for (let call = 0; call < 20; call += 1) permit(t, breaker).failure()
  t.equal(breaker.state, 'open')
  t.end()
})

test('opossum: a full bulkhead counts as no failure and opens nothing', (t) => {
  const { breaker } = subject({ bulkhead: { max: 2 }, minimumCalls: 1 })
  const busy = [permit(t, breaker), permit(t, breaker)]
  for (let call = 0; call < 100; call += 1) t.equal(refusal(t, breaker).reason, 'bulkhead')
  t.equal(breaker.state, 'closed')
  t.match(breaker.snapshot(), { window: { failures: 0 }, totals: { failures: 0, rejects: 100 } })
  busy[0]?.success()
  permit(t, breaker)
  t.end()
})

test('cockatiel: four failures, half an hour of silence and one more failure do not open it', (t) => {
  const window = { type: 'time', durationMs: 5_000, buckets: 5 } as const
  const { breaker, clock } = subject({ window, minimumCalls: 5 })
  for (let call = 0; call < 4; call += 1) permit(t, breaker).failure()
  clock.advance(1_800_000)
  permit(t, breaker).failure()
  t.equal(breaker.state, 'closed')
  t.equal(breaker.snapshot().window.calls, 1)
  t.end()
})

test('cockatiel: ninety old successes do not keep it closed after an hour', (t) => {
  const { breaker, clock } = subject()
  succeed(breaker, 90)
  clock.advance(3_600_000)
  for (let call = 0; call < 20; call += 1) permit(t, breaker).failure()
  t.equal(breaker.state, 'open')
  t.end()
})

test('opossum #660: one failed call of one does not open it', (t) => {
  const { breaker } = subject()
  permit(t, breaker).failure()
  t.equal(breaker.state, 'closed')
  t.end()
})

test('anticapture #2148: with little traffic a rule for failures in a row still opens it', (t) => {
  const { breaker, clock } = subject({ consecutiveFailures: 5 })
  for (let call = 0; call < 5; call += 1) {
    clock.advance(60_000)
    permit(t, breaker).failure()
  }
  t.equal(breaker.state, 'open')
  t.end()
})

test('opossum #780: calls do not share a signal', async (t) => {
  const breaker = createCircuitBreaker({ name: 'signals' })
  const signals = await Promise.all([
    breaker.execute(({ signal }) => signal),
    breaker.execute(({ signal }) => signal),
  ])
  t.not(signals[0], signals[1])
})

test('opossum #799: many breakers, not one timer', (t) => {
  const clock = new ManualClock()
  let timers = 0
  const counting = Object.assign(Object.create(clock) as ManualClock, {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    setTimer: () => {
      timers += 1
      return { hold: () => undefined, cancel: () => undefined }
    },
  })
  for (let made = 0; made < 100; made += 1) {
    const breaker = createCircuitBreaker({ name: `b${made}`, timeoutMs: 1_000 }, { clock: counting })
    trip(breaker)
  }
  t.equal(timers, 0)
  t.end()
})

test('gobreaker, Polly #287: a breaker on its own has no lock, no store and no round trip', (t) => {
  const { breaker } = subject()
  t.equal(typeof breaker.acquire(), 'object', 'the decision is there at once')
  t.notOk(breaker.acquire() instanceof Promise)
  t.end()
})

test('opossum: the state goes to JSON with the time of the change, not that of its making', (t) => {
  const { breaker, clock } = subject()
  clock.advance(5_000)
  trip(breaker)
  t.equal(breaker.toJSON().since, clock.wallNow())
  t.end()
})

test('OmniRoute #13836: six days of lost probes do not keep it from closing', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(30_000)
  const sixDays = clock.now() + 6 * 86_400_000
  let admitted = 0
  while (clock.now() < sixDays) {
    if (breaker.acquire().admitted) admitted += 1
    clock.advance(60_000)
  }
  t.ok(admitted > 1_000, 'probes go on')
  clock.advance(30_000)
  succeed(breaker, 2)
  t.equal(breaker.state, 'recovering')
  t.end()
})

test('cockatiel: while a probe is out, further callers are refused at once, not queued behind it', async (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(30_000)
  permit(t, breaker)
  for (let call = 0; call < 100; call += 1) {
    await t.rejects(
      breaker.execute(() => 1),
      { code: 'SLUICE_BREAKER_OPEN', reason: 'half-open' },
    )
  }
  t.equal(breaker.snapshot().inFlight, 1)
})

test('opossum: percentiles keep no list of latencies that grows with the calls', (t) => {
  const { breaker } = subject({ window: { type: 'time', durationMs: 3_600_000, buckets: 10 } })
  const size = (): number => JSON.stringify(breaker.snapshot().latencyBuckets).length
  succeed(breaker, 10)
  const before = size()
  succeed(breaker, 100_000)
  t.equal(breaker.snapshot().latency.count, 100_010)
  t.ok(size() < 2 * before, 'a histogram of fixed bounds')
  t.end()
})
