import { test } from 'tap'
import { type CircuitBreaker, createCircuitBreaker, type SavedBreaker } from '../src/index.ts'
import { fail, succeed, trip, ManualClock } from '../src/testing/index.ts'
import { permit, refusal, subject } from './subject.ts'

const NOON = Date.UTC(2026, 5, 1, 12)

/** Saves as JSON, and goes on in a process whose monotonic clock began elsewhere, `laterMs` later. */
function moved(saved: SavedBreaker, wallMs: number): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 7_777_777, epoch: wallMs })
  const restore = JSON.parse(JSON.stringify(saved)) as SavedBreaker
  return {
    clock,
    breaker: createCircuitBreaker({ name: 'orders' }, { clock, restore, random: () => 0.5 }),
  }
}

test('an open breaker stays open for the rest of its time', (t) => {
  const clock = new ManualClock({ epoch: NOON })
  const before = subject({}, { clock })
  trip(before.breaker)
  const { breaker, clock: later } = moved(before.breaker.toJSON(), NOON + 10_000)
  t.equal(refusal(t, breaker).retryAfterMs, 20_000)
  t.match(breaker.snapshot(), { since: NOON, openCount: 1, generation: 1, reason: '20 of 20 calls failed' })
  later.advance(20_000)
  permit(t, breaker).failure()
  permit(t, breaker).failure()
  t.equal(refusal(t, breaker).retryAfterMs, 60_000, 'the back-off goes on')
  t.end()
})

test('what time has ended meanwhile is over', (t) => {
  const clock = new ManualClock({ epoch: NOON })
  const before = subject({}, { clock })
  trip(before.breaker)
  t.equal(moved(before.breaker.toJSON(), NOON + 30_000).breaker.state, 'half-open')
  t.end()
})

test('a host whose clock is wrong does not keep it open for ever', (t) => {
  const clock = new ManualClock({ epoch: NOON })
  const before = subject({}, { clock })
  trip(before.breaker)
  const { breaker } = moved(before.breaker.toJSON(), NOON - 86_400_000)
  t.equal(refusal(t, breaker).retryAfterMs, 360_000)
  t.end()
})

test('the window goes along', (t) => {
  const before = subject()
  succeed(before.breaker, 10)
  fail(before.breaker, 9)
  const { breaker } = moved(before.breaker.toJSON(), before.clock.wallNow())
  t.match(breaker.snapshot().window, { calls: 19, failures: 9 })
  fail(breaker, 1)
  t.equal(breaker.state, 'open')
  t.end()
})

test('half-open begins its probes anew; recovering goes on with its ramp', (t) => {
  const before = subject({}, { clock: new ManualClock({ epoch: NOON }) })
  trip(before.breaker)
  const { breaker: half } = moved({ ...before.breaker.toJSON(), state: 'half-open' }, NOON)
  succeed(half, 2)
  t.equal(half.state, 'recovering')
  const { breaker, clock } = moved({ ...half.toJSON(), since: NOON }, NOON + 4_000)
  t.equal(breaker.state, 'recovering')
  clock.advance(5_999)
  t.equal(breaker.state, 'recovering')
  clock.advance(1)
  t.equal(breaker.state, 'closed')
  t.end()
})

test('forced states keep reason, actor and end', (t) => {
  const before = subject({}, { clock: new ManualClock({ epoch: NOON }) })
  before.breaker.open({ reason: 'maintenance', actor: 'ann' })
  t.match(moved(before.breaker.toJSON(), NOON + 86_400_000).breaker.snapshot(), {
    state: 'forced-open',
    forced: { reason: 'maintenance', actor: 'ann' },
    scope: 'manual',
  })
  before.breaker.disable({ forMs: 5_000 })
  const { breaker, clock } = moved(before.breaker.toJSON(), NOON)
  t.equal(breaker.state, 'disabled')
  clock.advance(5_000)
  t.equal(breaker.state, 'closed')
  t.end()
})

test('a pause goes on as a pause', (t) => {
  const before = subject({}, { clock: new ManualClock({ epoch: NOON }) })
  before.breaker.pause(10_000, 'retry-after')
  t.match(refusal(t, moved(before.breaker.toJSON(), NOON).breaker), { reason: 'pause', retryAfterMs: 10_000 })
  t.end()
})
