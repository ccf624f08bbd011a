import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { LatencyRecorder } from '../src/latency/latency-recorder.ts'
import { lowerBoundMs, SCALE_LENGTH, stepOf } from '../src/latency/latency-scale.ts'
import type { LatencyKind } from '../src/index.ts'
import { permit, subject } from './subject.ts'

function record(latency: LatencyRecorder, kind: LatencyKind, durationMs: number, now: number): void {
  latency.advance(now)
  latency.record(kind, durationMs)
}

test('a duration lies within the bounds of its step', (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (durationMs) => {
      const step = stepOf(durationMs)
      assert.ok(lowerBoundMs(step) <= durationMs)
      assert.ok(step === SCALE_LENGTH - 1 || durationMs < lowerBoundMs(step + 1))
    }),
  )
  t.pass()
  t.end()
})

test('steps are narrow', (t) => {
  for (let step = 8; step < SCALE_LENGTH - 1; step += 1) {
    assert.ok(lowerBoundMs(step + 1) / lowerBoundMs(step) <= 1.125)
  }
  t.equal(lowerBoundMs(SCALE_LENGTH - 1), 65_536)
  t.equal(stepOf(-1), 0)
  t.equal(stepOf(1e12), SCALE_LENGTH - 1)
  t.end()
})

test('quantiles are right to the width of a step', (t) => {
  const latency = new LatencyRecorder()
  for (let ms = 1; ms <= 1_000; ms += 1) latency.record(ms % 2 === 0 ? 'successful' : 'failed', ms)
  const { p50, p90, p95, p99, max, mean, count } = latency.summary(0)
  for (const [seen, expected] of [
    [p50, 500],
    [p90, 900],
    [p95, 950],
    [p99, 990],
    [max, 1_000],
  ] as const) {
    t.ok(Math.abs(seen - expected) / expected < 0.03, `${seen} for ${expected}`)
  }
  t.match({ mean, count }, { mean: 500.5, count: 1_000 })
  t.end()
})

test('nothing was nothing', (t) => {
  const { summary, buckets } = {
    summary: new LatencyRecorder().summary(0),
    buckets: new LatencyRecorder().buckets(),
  }
  t.same(summary, { p50: 0, p90: 0, p95: 0, p99: 0, max: 0, mean: 0, count: 0 })
  t.ok(buckets.counts.successful.every((count) => count === 0))
  t.end()
})

test('the summary is of the last one to two minutes', (t) => {
  const latency = new LatencyRecorder()
  record(latency, 'successful', 100, 0)
  t.equal(latency.summary(59_999).count, 1)
  record(latency, 'successful', 200, 61_000)
  t.equal(latency.summary(61_000).count, 2)
  t.equal(latency.summary(121_001).count, 1, 'the first has gone')
  t.ok(Math.abs(latency.summary(121_001).p50 - 200) < 10)
  t.equal(latency.summary(500_000).count, 0)
  record(latency, 'successful', 5, 900_000)
  t.equal(latency.summary(900_000).count, 1, 'after a long silence only what is new')
  t.end()
})

test('buckets are cumulative, by kind, in seconds, and never shrink', (t) => {
  const latency = new LatencyRecorder()
  for (const ms of [0.5, 1.5, 100, 70_000]) record(latency, 'successful', ms, 0)
  record(latency, 'timeout', 3_000, 10_000_000)
  const { le, counts, sums } = latency.buckets()
  t.equal(le[0], 0.001)
  t.equal(le.at(-1), 65.536)
  t.equal(counts.successful.length, le.length + 1)
  t.same(
    counts.successful,
    [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128]
      .map((_, at) => [1, 2, 2, 2, 2, 2, 2, 3][at])
      .concat(
        Array.from({ length: 9 }, () => 3),
        4,
      ),
  )
  t.equal(counts.timeout.at(-1), 1)
  t.equal(counts.failed.at(-1), 0)
  t.match(sums, { successful: 70.102, timeout: 3, failed: 0, ignored: 0 })
  t.end()
})

test('a breaker sorts its calls by how they ended', (t) => {
  const { breaker, clock } = subject()
  const calls = [1, 2, 3, 4].map(() => permit(t, breaker))
  clock.advance(10)
  calls[0]?.success()
  calls[1]?.failure()
  calls[2]?.failure({ kind: 'timeout' })
  calls[3]?.ignore()
  const { counts } = breaker.snapshot().latencyBuckets
  t.same(
    [counts.successful, counts.failed, counts.timeout, counts.ignored].map((kind) => kind.at(-1)),
    [1, 1, 1, 1],
  )
  t.match(breaker.snapshot(), { latency: { count: 4, mean: 10 }, totals: { failures: 2, timeouts: 1 } })
  t.end()
})
