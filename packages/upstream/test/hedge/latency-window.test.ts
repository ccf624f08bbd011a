import * as fc from 'fast-check'
import { test } from 'tap'
import { LatencyWindow } from '../../src/hedge/latency-window.ts'

test('says nothing before it has seen enough', async (t) => {
  const window = new LatencyWindow(0.95)
  for (let i = 0; i < 49; i++) window.record(10, 0)
  t.equal(window.value(0), undefined)
})

test('forgets after half a minute', async (t) => {
  const window = new LatencyWindow(0.95)
  for (let i = 0; i < 100; i++) window.record(10, 1_000)
  t.ok(window.value(1_000))
  t.ok(window.value(20_000), 'still in the older half')
  t.equal(window.value(60_000), undefined)
})

test('is within a tenth above the true quantile', async () => {
  const latencies = fc.array(fc.double({ min: 1.2, max: 60_000, noNaN: true }), {
    minLength: 50,
    maxLength: 300,
  })
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.9, 0.95, 0.99), (values, quantile) => {
      const window = new LatencyWindow(quantile)
      for (const value of values) window.record(value, 0)
      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(values.length * quantile) - 1] ?? 0
      const seen = window.value(0) ?? 0
      return seen >= exact * 0.999 && seen <= exact * 1.101
    }),
    { numRuns: 200 },
  )
})
