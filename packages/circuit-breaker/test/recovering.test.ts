import { type Test, test } from 'tap'
import type { BreakerOptions } from '../src/index.ts'
import { fail, succeed, trip } from '../src/testing/index.ts'
import { permit, refusal, type Subject, subject } from './subject.ts'

function recovering(t: Test, options: BreakerOptions = {}): Subject {
  const made = subject(options)
  trip(made.breaker)
  made.clock.advance(30_000)
  succeed(made.breaker, 2)
  t.equal(made.breaker.state, 'recovering')
  return made
}

test('resilience4j #985: the admitted share follows the ramp', (t) => {
  const { breaker, clock } = recovering(t)
  const expected = (second: number): number => Math.max(0.1, ((second + 0.5) / 10) ** 1.5)
  for (let second = 0; second < 10; second += 1) {
    let admitted = 0
    for (let call = 0; call < 1_000; call += 1) {
      const answer = breaker.acquire()
      if (answer.admitted) {
        answer.success()
        admitted += 1
      }
      clock.advance(1)
    }
    t.ok(
      Math.abs(admitted / 1_000 - expected(second)) < 0.05,
      `second ${second}: ${admitted} of 1000, expected about ${expected(second)}`,
    )
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

test('a refused caller is told when the ramp ends', (t) => {
  const { breaker, clock } = recovering(t)
  clock.advance(4_000)
  let refused = breaker.acquire()
  while (refused.admitted) refused = breaker.acquire()
  t.match(refused, { reason: 'recovering', state: 'recovering', retryAfterMs: 6_000 })
  t.end()
})

test('opens again for twice as long, on half of minimumCalls', (t) => {
  const { breaker, clock, transitions } = recovering(t)
  clock.advance(9_000)
  let failures = 0
  while (breaker.state === 'recovering') {
    const answer = breaker.acquire()
    if (!answer.admitted) continue
    answer.failure()
    failures += 1
  }
  t.equal(failures, 10)
  t.equal(breaker.state, 'open')
  t.equal(transitions.at(-1)?.from, 'recovering')
  t.equal(refusal(t, breaker).retryAfterMs, 60_000)
  t.end()
})

test('starts with an empty window, and the closed breaker goes on with what the ramp has shown', (t) => {
  const { breaker, clock } = recovering(t, { window: { type: 'time', durationMs: 60_000, buckets: 6 } })
  t.equal(breaker.snapshot().window.calls, 0)
  clock.advance(9_990)
  const late = permit(t, breaker)
  succeed(breaker, 3)
  clock.advance(10)
  t.equal(breaker.state, 'closed')
  late.success()
  t.equal(breaker.snapshot().window.calls, 4, 'calls of the ramp still count when they end after it')
  t.end()
})

test('opens in a row are forgotten one by one while it stays closed', (t) => {
  const { breaker, clock } = subject({ recovery: { rampMs: 0 } })
  for (let round = 0; round < 3; round += 1) {
    trip(breaker)
    clock.advance(breaker.retryAfterMs)
    succeed(breaker, 2)
    t.equal(breaker.state, 'closed', 'no ramp, no recovering')
  }
  t.equal(breaker.snapshot().openCount, 3)
  clock.advance(59_999)
  trip(breaker)
  t.equal(breaker.snapshot().openCount, 3, 'one forgotten, one more')
  t.end()
})

test('the open duration grows by the factor up to its maximum', (t) => {
  const { breaker, clock } = subject({
    probe: { max: 1 },
    open: { durationMs: 1_000, maxMs: 5_000, factor: 3 },
  })
  trip(breaker)
  for (const expected of [1_000, 3_000, 5_000, 5_000]) {
    t.equal(breaker.retryAfterMs, expected)
    clock.advance(expected)
    fail(breaker, 1)
  }
  t.end()
})

test('jitter spreads the open duration to both sides', (t) => {
  for (const [random, expected] of [
    [0, 24_000],
    [0.5, 30_000],
    [0.75, 33_000],
  ] as const) {
    const { breaker } = subject({}, { random: () => random })
    trip(breaker)
    t.equal(Math.round(breaker.retryAfterMs), expected)
  }
  t.end()
})
