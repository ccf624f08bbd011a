import { Histogram } from './histogram.ts'
import { lowerBoundMs, SCALE_LENGTH, stepOf } from './latency-scale.ts'
import type { LatencyBuckets, LatencyKind, LatencySummary } from './latency.ts'

const PERIOD_MS = 60_000
const KINDS: readonly LatencyKind[] = ['successful', 'failed', 'ignored', 'timeout']
/** The powers of two of a ms: bounds of the scale, so that the counts below them are exact. */
const BOUND_STEPS: readonly number[] = Array.from({ length: 17 }, (_, power) => stepOf(2 ** power))
const BOUNDS: readonly number[] = BOUND_STEPS.map((step) => lowerBoundMs(step) / 1_000)
const ENDS: readonly number[] = [...BOUND_STEPS, SCALE_LENGTH]
const NONE: readonly number[] = ENDS.map(() => 0)

/** Durations of calls since the start, by kind. The recent ones are what was added since a copy of a minute ago. */
export class LatencyRecorder implements Record<LatencyKind, Histogram | undefined> {
  // Each is made with the first call of its kind.
  successful: Histogram | undefined
  failed: Histogram | undefined
  ignored: Histogram | undefined
  timeout: Histogram | undefined
  /** Copies of all kinds together, made at the turn of a period. */
  #before: Histogram | undefined
  #lately: Histogram | undefined
  #periodEnd = -Infinity

  /** Lets time pass until `now`; returns when that must be done again. */
  advance(now: number): number {
    if (now >= this.#periodEnd) this.#turn(now)
    return this.#periodEnd
  }

  record(kind: LatencyKind, durationMs: number): void {
    const histogram = (this[kind] ??= new Histogram())
    histogram.record(durationMs)
  }

  calls(): Record<LatencyKind, number> {
    const { successful, failed, ignored, timeout } = this
    return {
      successful: successful?.total ?? 0,
      failed: failed?.total ?? 0,
      ignored: ignored?.total ?? 0,
      timeout: timeout?.total ?? 0,
    }
  }

  /** Of the last one to two minutes. */
  summary(now: number): LatencySummary {
    this.advance(now)
    const recent = this.#all()
    if (this.#before !== undefined) recent.add(this.#before, -1)
    const count = recent.total
    return {
      p50: recent.quantile(0.5 * count),
      p90: recent.quantile(0.9 * count),
      p95: recent.quantile(0.95 * count),
      p99: recent.quantile(0.99 * count),
      max: recent.quantile(count),
      mean: count === 0 ? 0 : recent.sumMs / count,
      count,
    }
  }

  buckets(): LatencyBuckets {
    const { successful, failed, ignored, timeout } = this
    return {
      le: BOUNDS,
      counts: {
        successful: cumulate(successful),
        failed: cumulate(failed),
        ignored: cumulate(ignored),
        timeout: cumulate(timeout),
      },
      sums: {
        successful: seconds(successful),
        failed: seconds(failed),
        ignored: seconds(ignored),
        timeout: seconds(timeout),
      },
    }
  }

  #turn(now: number): void {
    const begun = this.#periodEnd !== -Infinity
    const idle = now >= this.#periodEnd + PERIOD_MS
    if (begun) {
      const all = this.#all()
      this.#before = idle ? all : this.#lately
      this.#lately = all
    }
    this.#periodEnd = now + PERIOD_MS
  }

  #all(): Histogram {
    const all = new Histogram()
    for (const kind of KINDS) if (this[kind] !== undefined) all.add(this[kind])
    return all
  }
}

function cumulate(histogram: Histogram | undefined): readonly number[] {
  if (histogram === undefined) return NONE
  let sum = 0
  let step = 0
  return ENDS.map((end) => {
    for (; step < end; step += 1) sum += histogram.at(step)
    return sum
  })
}

function seconds(histogram: Histogram | undefined): number {
  return (histogram?.sumMs ?? 0) / 1_000
}
