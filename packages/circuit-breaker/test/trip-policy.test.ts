import { test } from 'tap'
import type { CallSample, WindowCounts } from '../src/index.ts'
import { fail, succeed } from '../src/testing/index.ts'
import { permit, subject } from './subject.ts'

/** 0 to below 1, the same sequence each time. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('opens at the ratio, on whichever call reaches minimumCalls', (t) => {
  const { breaker } = subject({ minimumCalls: 4, failureRatio: 0.5 })
  fail(breaker, 2)
  succeed(breaker, 1)
  t.equal(breaker.state, 'closed')
  succeed(breaker, 1)
  t.equal(breaker.state, 'open', 'two of four, and the fourth was a success')
  t.end()
})

test('stays closed below the ratio', (t) => {
  const { breaker } = subject({ failureRatio: 0.5 })
  for (let call = 0; call < 200; call += 1) {
    succeed(breaker, 11)
    fail(breaker, 9)
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

test('opens on slow calls, failed or not', (t) => {
  const { breaker, clock, transitions } = subject({
    slowCall: { durationMs: 1_000, ratio: 0.5 },
    window: { type: 'count', size: 20 },
  })
  for (let call = 0; call < 10; call += 1) {
    const slow = permit(t, breaker)
    clock.advance(1_000)
    slow.success()
    if (call === 9) break
    const fast = permit(t, breaker)
    clock.advance(999)
    fast.success()
  }
  t.equal(breaker.state, 'closed', '19 calls')
  succeed(breaker, 1)
  t.equal(breaker.state, 'open')
  t.equal(transitions[0]?.reason, '10 of 20 calls were slow')
  t.equal(breaker.snapshot().totals.slow, 10)
  t.end()
})

test('stays closed below the ratio of slow calls', (t) => {
  const { breaker, clock } = subject({ slowCall: { durationMs: 10, ratio: 0.5 } })
  for (let call = 0; call < 40; call += 1) {
    const one = permit(t, breaker)
    clock.advance(call % 3 === 0 ? 10 : 1)
    one.success()
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

test('opens on failures in a row, and a success breaks the row', (t) => {
  const { breaker, transitions } = subject({ failureRatio: false, consecutiveFailures: 3 })
  fail(breaker, 2)
  succeed(breaker, 1)
  fail(breaker, 1)
  permit(t, breaker).ignore()
  fail(breaker, 1)
  t.equal(breaker.state, 'closed')
  fail(breaker, 1)
  t.equal(breaker.state, 'open', 'what is ignored breaks no row')
  t.equal(transitions[0]?.reason, '3 failures in a row')
  t.end()
})

test('auto: three failures in a row where errors are rare', (t) => {
  const { breaker } = subject({ failureRatio: false, consecutiveFailures: 'auto' })
  for (let call = 0; call < 2_000; call += 1) {
    if (call % 100 === 50) fail(breaker, 1)
    else succeed(breaker, 1)
  }
  fail(breaker, 2)
  t.equal(breaker.state, 'closed')
  fail(breaker, 1)
  t.equal(breaker.state, 'open')
  t.end()
})

test('auto: some seventeen in a row where every fifth call fails anyway', (t) => {
  const { breaker } = subject({ failureRatio: false, consecutiveFailures: 'auto' })
  for (let call = 0; call < 4_000; call += 1) {
    if (call % 5 === 0) fail(breaker, 1)
    else succeed(breaker, 1)
  }
  t.equal(breaker.state, 'closed')
  let failures = 0
  while (breaker.state === 'closed') {
    fail(breaker, 1)
    failures += 1
  }
  t.ok(failures >= 15 && failures <= 20, `${failures}`)
  t.end()
})

test('auto: does not drift open at error rates between the usual and an outage', (t) => {
  for (const rate of [0.05, 0.25, 0.35]) {
    const { breaker } = subject({ failureRatio: false, consecutiveFailures: 'auto' })
    const random = sequence(7)
    for (let call = 0; call < 20_000 && breaker.state === 'closed'; call += 1) {
      const one = breaker.acquire()
      if (!one.admitted) break
      if (random() < rate) one.failure()
      else one.success()
    }
    t.equal(breaker.state, 'closed', `${rate}`)
  }
  t.end()
})

test("a rule of one's own sees every call and may open", (t) => {
  const seen: [CallSample, number][] = []
  let resets = 0
  const strategy = {
    record(sample: CallSample, window: WindowCounts): string | undefined {
      seen.push([sample, window.successes + window.failures])
      return sample.durationMs > 100 ? 'took its time' : undefined
    },
    reset(): void {
      resets += 1
    },
  }
  const { breaker, clock, transitions } = subject({ strategy })
  permit(t, breaker).success()
  permit(t, breaker).ignore()
  const slow = permit(t, breaker)
  clock.advance(101)
  slow.failure({ kind: 'error' })
  t.same(seen, [
    [{ failed: false, slow: false, durationMs: 0, now: 0 }, 1],
    [{ failed: true, slow: false, durationMs: 101, now: 101 }, 2],
  ])
  t.match(transitions, [{ to: 'open', reason: 'took its time', cause: 'error' }])
  t.equal(resets, 0)
  breaker.close()
  t.equal(resets, 1)
  t.end()
})

test('what was before a reset does not count', (t) => {
  const { breaker } = subject({ consecutiveFailures: 5 })
  fail(breaker, 4)
  breaker.reset()
  t.equal(breaker.snapshot().window.calls, 0)
  fail(breaker, 4)
  t.equal(breaker.state, 'closed')
  t.end()
})
