import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { CountWindow } from '../src/window/count-window.ts'
import { TimeWindow } from '../src/window/time-window.ts'

interface Call {
  readonly at: number
  readonly failed: boolean
  readonly slow: boolean
}

const call = fc.record({
  gap: fc.oneof(fc.nat(300), fc.nat(5_000), fc.constant(3_600_000)),
  failed: fc.boolean(),
  slow: fc.boolean(),
  ignored: fc.boolean(),
})

function countsOf(calls: readonly Call[]): object {
  return {
    successes: calls.filter(({ failed }) => !failed).length,
    failures: calls.filter(({ failed }) => failed).length,
    slow: calls.filter(({ slow }) => slow).length,
  }
}

test('a time window holds the calls of its buckets, whatever the gaps between them', (t) => {
  fc.assert(
    fc.property(
      fc.array(call, { maxLength: 60 }),
      fc.integer({ min: -5_000, max: 5_000 }),
      fc.constantFrom<[number, number]>([1_000, 10], [1_000, 1], [900, 7]),
      (steps, start, [durationMs, buckets]) => {
        const window = new TimeWindow(durationMs, buckets)
        const bucketOf = (at: number): number => Math.floor(at / (durationMs / buckets))
        const calls: Call[] = []
        const ignored: number[] = []
        let now = start
        for (const { gap, ignored: ignore, ...rest } of steps) {
          now += gap
          window.advance(now)
          if (ignore) {
            window.ignore()
            ignored.push(now)
          } else {
            window.record(rest.failed, rest.slow)
            calls.push({ at: now, ...rest })
          }
          const isHeld = (at: number): boolean => bucketOf(now) - bucketOf(at) < buckets
          const { successes, failures, slow } = window
          assert.deepEqual({ successes, failures, slow }, countsOf(calls.filter(({ at }) => isHeld(at))))
          assert.equal(window.ignored, ignored.filter(isHeld).length)
        }
      },
    ),
    { numRuns: 200 },
  )
  t.pass('200 histories')
  t.end()
})

test('a time window forgets while nobody calls', (t) => {
  const window = new TimeWindow(1_000, 10)
  window.advance(0)
  window.record(true, true)
  window.advance(999)
  t.equal(window.failures, 1)
  window.advance(1_000)
  t.match(window, { failures: 0, slow: 0, successes: 0 })
  t.end()
})

test('a count window holds the last calls', (t) => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 80 }), fc.integer({ min: 1, max: 12 }), (steps, size) => {
      const window = new CountWindow(size)
      const calls: Call[] = []
      for (const { failed, slow } of steps) {
        window.record(failed, slow)
        calls.push({ at: 0, failed, slow })
        const { successes, failures, slow: slowOnes } = window
        assert.deepEqual({ successes, failures, slow: slowOnes }, countsOf(calls.slice(-size)))
      }
    }),
    { numRuns: 200 },
  )
  t.pass('200 histories')
  t.end()
})

test('a count window can be emptied and filled again', (t) => {
  const window = new CountWindow(3)
  for (let times = 0; times < 5; times += 1) window.record(true, true)
  window.clear()
  t.match(window, { successes: 0, failures: 0, slow: 0 })
  window.record(false, false)
  t.match(window, { successes: 1, failures: 0 })
  t.end()
})

test('a window takes over what another one held', (t) => {
  const held = { successes: 7, failures: 5, slow: 4, ignored: 2 }
  const time = new TimeWindow(1_000, 10)
  time.advance(500)
  time.seed(held)
  t.match(time, held)
  time.advance(1_500)
  t.match(time, { successes: 0, failures: 0, slow: 0, ignored: 0 })
  const count = new CountWindow(20)
  count.seed(held)
  t.match(count, { ...held, ignored: 0 })
  const small = new CountWindow(6)
  small.seed(held)
  t.match(small, { successes: 1, failures: 5, slow: 4 })
  t.end()
})
