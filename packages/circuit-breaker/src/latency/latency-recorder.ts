import { lowerBoundMs, SCALE_LENGTH, stepOf } from './latency-scale.ts'
import type { LatencyBuckets, LatencyKind, LatencySummary } from './latency.ts'

const PERIOD_MS = 60_000
/** The powers of two of a ms: bounds of the scale, so that the counts below them are exact. */
const BOUND_STEPS: readonly number[] = Array.from({ length: 17 }, (_, power) => stepOf(2 ** power))

class Series {
  readonly steps = new Uint32Array(SCALE_LENGTH)
  sumMs = 0
}

/** Durations of calls since the start, by kind. The recent ones are what was added since a copy of a minute ago. */
export class LatencyRecorder {
  /** Each is made with the first call of its kind: an idle breaker has none. */
  readonly #series: Partial<Record<LatencyKind, Series>> = {}
  /** Copies of all kinds together, made at the turn of a period. */
  #before: Series | undefined
  #lately: Series | undefined
  #periodEnd = -Infinity

  record(kind: LatencyKind, durationMs: number, now: number): void {
    if (now >= this.#periodEnd) this.#turn(now)
    const series = (this.#series[kind] ??= new Series())
    series.steps[stepOf(durationMs)]! += 1
    series.sumMs += durationMs
  }

  /** Of the last one to two minutes. */
  summary(now: number): LatencySummary {
    if (now >= this.#periodEnd) this.#turn(now)
    const recent = this.#all()
    if (this.#before !== undefined) subtract(recent, this.#before)
    const count = recent.steps.reduce((sum, calls) => sum + calls, 0)
    const quantile = (share: number): number => quantileOf(recent.steps, share * count)
    return {
      p50: quantile(0.5),
      p90: quantile(0.9),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: quantile(1),
      mean: count === 0 ? 0 : recent.sumMs / count,
      count,
    }
  }

  buckets(): LatencyBuckets {
    const { successful, failed, ignored, timeout } = this.#series
    return {
      le: BOUND_STEPS.map((step) => lowerBoundMs(step) / 1_000),
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

  #all(): Series {
    const all = new Series()
    for (const { steps, sumMs } of Object.values(this.#series)) {
      for (let step = 0; step < SCALE_LENGTH; step += 1) all.steps[step]! += steps[step]!
      all.sumMs += sumMs
    }
    return all
  }
}

function subtract(from: Series, { steps, sumMs }: Series): void {
  for (let step = 0; step < SCALE_LENGTH; step += 1) from.steps[step]! -= steps[step]!
  from.sumMs -= sumMs
}

/** The duration of the call at that rank, interpolated within its step; 0 if there are none. */
function quantileOf(steps: Uint32Array, rank: number): number {
  let below = 0
  for (let step = 0; step < SCALE_LENGTH; step += 1) {
    const count = steps[step]!
    if (count > 0 && below + count >= rank) {
      const low = lowerBoundMs(step)
      const high = step + 1 < SCALE_LENGTH ? lowerBoundMs(step + 1) : low
      return low + (high - low) * ((rank - below) / count)
    }
    below += count
  }
  return 0
}

function cumulate(series: Series | undefined): number[] {
  const counts: number[] = []
  let sum = 0
  let step = 0
  for (const bound of [...BOUND_STEPS, SCALE_LENGTH]) {
    for (; step < bound; step += 1) sum += series?.steps[step] ?? 0
    counts.push(sum)
  }
  return counts
}

function seconds(series: Series | undefined): number {
  return (series?.sumMs ?? 0) / 1_000
}
