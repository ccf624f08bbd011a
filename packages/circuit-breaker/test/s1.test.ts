/** Defects of the breaker of system S1, as acceptance tests. Those of its Redis half: redis/s1.test.ts. */
import { test } from 'tap'
import { BreakerRegistry, createCircuitBreaker } from '../src/index.ts'
import { fail, succeed, trip, ManualClock } from '../src/testing/index.ts'
import { permit, refusal, subject } from './subject.ts'

test('counts are those of the window: a million old successes hide no outage', (t) => {
  const { breaker, clock } = subject()
  for (let call = 0; call < 1_000_000; call += 1) {
    const answer = breaker.acquire()
    if (answer.admitted) answer.success()
  }
  clock.advance(10_000)
  fail(breaker, 20)
  t.equal(breaker.state, 'open')
  t.end()
})

test('the first success does not close it', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(30_000)
  succeed(breaker, 1)
  t.equal(breaker.state, 'half-open')
  t.end()
})

test('the number of probes is limited', (t) => {
  const { breaker, clock } = subject({ probe: { max: 3, concurrency: 3 } })
  trip(breaker)
  clock.advance(30_000)
  for (let call = 0; call < 3; call += 1) permit(t, breaker)
  t.equal(refusal(t, breaker).reason, 'half-open')
  t.end()
})

test('a wall clock that jumps changes nothing', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  const jumping = new ManualClock({ now: clock.now(), epoch: Date.UTC(2040, 0) })
  const other = createCircuitBreaker({ name: 'other' }, { clock: jumping, random: () => 0.5 })
  trip(other)
  for (const [one, time] of [
    [breaker, clock],
    [other, jumping],
  ] as const) {
    t.equal(refusal(t, one).retryAfterMs, 30_000)
    time.advance(30_000)
    t.equal(one.state, 'half-open')
  }
  t.end()
})

test('a group opens when too many members are open, and closes again', (t) => {
  const clock = new ManualClock()
  const breakers = { payment: {}, fraud: {}, bank: {} }
  const groups = { payment: { members: ['payment', 'fraud', 'bank'], openRatio: 0.5 } }
  const registry = new BreakerRegistry({ breakers, groups }, { clock, random: () => 0.5 })
  const payment = registry.ensure('payment')
  const fraud = registry.ensure('fraud')
  const bank = registry.ensure('bank')
  const group = registry.get('group:payment')!
  trip(payment)
  t.equal(group.state, 'closed', 'one of three')
  permit(t, bank).success()
  clock.advance(1_000)
  trip(fraud)
  t.equal(group.state, 'open')
  t.match(refusal(t, bank), { reason: 'group', state: 'closed', retryAfterMs: 29_000 })
  clock.advance(29_000)
  t.equal(group.state, 'half-open', 'the first member may look')
  succeed(payment, 2)
  t.equal(group.state, 'closed', 'one of three is open')
  permit(t, bank).success()
  t.end()
})

test('a timeout aborts the operation', async (t) => {
  const clock = new ManualClock()
  const breaker = createCircuitBreaker({ name: 'slow', timeoutMs: 5_000 }, { clock })
  let aborted: unknown
  const running = breaker.execute(
    ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => (aborted = signal.reason))
      }),
  )
  clock.advance(5_000)
  await t.rejects(running, { code: 'SLUICE_BREAKER_TIMEOUT' })
  t.match(aborted, { code: 'SLUICE_BREAKER_TIMEOUT' })
})

test('time alone does not close an open breaker', (t) => {
  const { breaker, clock } = subject()
  trip(breaker)
  clock.advance(3_600_000)
  t.equal(breaker.state, 'half-open')
  t.end()
})
