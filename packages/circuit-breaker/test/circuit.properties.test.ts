import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { type BreakerOptions, createCircuitBreaker, type Outcome, type Permit } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { NaiveBreaker, type NaivePermit } from './naive-breaker.ts'

type Step =
  | { readonly do: 'call' | 'force' | 'close' }
  | { readonly do: 'settle'; readonly which: number; readonly outcome: Outcome }
  | { readonly do: 'wait' | 'pause'; readonly ms: number }

const outcome = fc.constantFrom<Outcome>('success', 'failure', 'ignored')
const call = { weight: 8, arbitrary: fc.constant<Step>({ do: 'call' }) }
// Nothing says that a permit is settled, in order or in time.
const settle = {
  weight: 8,
  arbitrary: fc.record<Step & { do: 'settle' }>({ do: fc.constant('settle'), which: fc.nat(6), outcome }),
}
const wait = {
  weight: 4,
  arbitrary: fc.record<Step & { do: 'wait' }>({
    do: fc.constant('wait'),
    ms: fc.oneof(fc.nat(50), fc.nat(1_500), fc.nat(40_000)),
  }),
}
const pause = {
  weight: 1,
  arbitrary: fc.record<Step & { do: 'pause' }>({
    do: fc.constant('pause'),
    ms: fc.integer({ min: 1, max: 9_000 }),
  }),
}
const byHand = { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'force' }, { do: 'close' }) }

const options: fc.Arbitrary<BreakerOptions> = fc.record({
  window: fc.constantFrom<NonNullable<BreakerOptions['window']>>(
    { type: 'time', durationMs: 2_000, buckets: 4 },
    { type: 'count', size: 6 },
  ),
  failureRatio: fc.constantFrom(0.3, 0.5, 1),
  minimumCalls: fc.integer({ min: 1, max: 5 }),
  consecutiveFailures: fc.integer({ min: 2, max: 5 }),
  open: fc.constant({ durationMs: 1_000, maxMs: 6_000, factor: 2, jitter: 0.2 }),
  probe: fc
    .tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(0.34, 0.5, 0.67, 1),
    )
    .map(([max, concurrency, successRatio]) => ({
      max,
      concurrency: Math.min(max, concurrency),
      successRatio,
      timeoutMs: 400,
      maxWaitMs: 2_000,
    })),
  recovery: fc.constant({ rampMs: 2_000, floor: 0.1 }),
})

test('does what a naive model does, whatever the calls, times, late and lost results', (t) => {
  fc.assert(
    fc.property(
      options,
      fc.array(fc.oneof(call, settle, wait, pause, byHand), { minLength: 40, maxLength: 160 }),
      compareWithModel,
    ),
    { numRuns: 300 },
  )
  t.pass('300 histories')
  t.end()
})

function compareWithModel(given: BreakerOptions, steps: readonly Step[]): void {
  const clock = new ManualClock({ now: 12_345 })
  const breaker = createCircuitBreaker({ name: 'model', ...given }, { clock, random: () => 0.5 })
  const model = new NaiveBreaker(breaker.options)
  const out: { permit: Permit; naive: NaivePermit }[] = []
  let calls = 0
  let ended = 0
  for (const step of steps) {
    const now = clock.now()
    switch (step.do) {
      case 'call': {
        const answer = breaker.acquire()
        const naive = model.acquire(now)
        calls += 1
        assert.equal(
          answer.admitted ? 'admitted' : answer.reason,
          typeof naive === 'string' ? naive : 'admitted',
        )
        if (answer.admitted && typeof naive !== 'string') {
          assert.equal(answer.probe, naive.probe)
          out.push({ permit: answer, naive })
        } else if (!answer.admitted) {
          assert.ok(Number.isFinite(answer.retryAfterMs) && answer.retryAfterMs >= 0)
        }
        break
      }
      case 'settle': {
        const [taken] = out.splice(step.which, 1)
        if (taken === undefined) break
        ended += 1
        report(taken.permit, step.outcome)
        report(taken.permit, 'failure')
        model.settle(taken.naive, step.outcome, now)
        break
      }
      case 'wait':
        clock.advance(step.ms)
        break
      case 'pause':
        breaker.pause(step.ms, 'asked to')
        model.pause(now + Math.min(step.ms, breaker.options.open.maxMs), now)
        break
      case 'force':
        breaker.open()
        model.force(now)
        break
      case 'close':
        breaker.close()
        model.close(now)
        break
    }
    model.look(clock.now())
    const { state, generation, totals, inFlight } = breaker.snapshot()
    assert.deepEqual({ state, generation }, { state: model.state, generation: model.generation })
    assert.equal(totals.fires, calls)
    assert.equal(totals.successes + totals.failures + totals.ignored, ended, 'a permit settles once')
    assert.ok(inFlight <= out.length)
  }
}

test('from any state, with any result lost, traffic flows within maxWaitMs once the upstream is well', (t) => {
  fc.assert(
    fc.property(
      options,
      fc.array(fc.oneof(call, settle, wait, pause), { maxLength: 120 }),
      fc.boolean(),
      (given, steps, bulkhead) => {
        const clock = new ManualClock()
        const leaseMs = 2_000
        const breaker = createCircuitBreaker(
          { name: 'life', ...given, leaseMs, ...(bulkhead ? { bulkhead: { max: 3 } } : {}) },
          { clock },
        )
        const out: Permit[] = []
        for (const step of steps) {
          if (step.do === 'call') {
            const answer = breaker.acquire()
            if (answer.admitted) out.push(answer)
          } else if (step.do === 'settle') {
            const [permit] = out.splice(step.which, 1)
            if (permit !== undefined) report(permit, step.outcome)
          } else if (step.do === 'wait') {
            clock.advance(step.ms)
          } else if (step.do === 'pause') {
            breaker.pause(step.ms, 'asked to')
          }
        }
        // Whatever is still out is never heard of again.
        const { open, probe, recovery } = breaker.options
        const longestOpen = open.maxMs * (1 + open.jitter)
        const leaseEnd = leaseMs * 1.25
        const bound = longestOpen + probe.maxWaitMs + leaseEnd + recovery.rampMs
        const from = clock.now()
        let halfOpenSince: number | undefined
        while (breaker.state !== 'closed' || !breaker.acquire().admitted) {
          assert.ok(clock.now() - from <= bound, `still ${breaker.state} after ${clock.now() - from} ms`)
          const answer = breaker.acquire()
          if (answer.admitted) {
            answer.success()
            halfOpenSince = undefined
          } else if (breaker.state === 'half-open') {
            halfOpenSince ??= clock.now()
            assert.ok(clock.now() - halfOpenSince <= Math.max(probe.maxWaitMs, leaseEnd) + 50)
          }
          clock.advance(50)
        }
      },
    ),
    { numRuns: 300 },
  )
  t.pass('300 histories')
  t.end()
})

function report(permit: Permit, outcome: Outcome): void {
  if (outcome === 'success') permit.success()
  else if (outcome === 'failure') permit.failure()
  else permit.ignore()
}
