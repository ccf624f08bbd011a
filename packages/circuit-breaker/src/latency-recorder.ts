import { lowerBoundMs, SCALE_LENGTH, stepOf } from './latency-scale.ts'
import type { LatencyBuckets, LatencyKind, LatencySummary } from './latency.ts'

const HALF_LIFE_MS = 60_000
const KINDS = ['successful', 'failed', 'ignored', 'timeout'] as const
/** The powers of two of a ms: bounds of the scale, so that the counts below them are exact. */
const BOUND_STEPS: readonly number[] = Array.from({ length: 17 }, (_, power) => stepOf(2 ** power))

/** Durations of calls: since the start by kind, and the recent ones together. Each array is made when it is needed. */
export class LatencyRecorder {
  readonly #totals: Partial<Record<LatencyKind, Uint32Array>> = {}
  readonly #sums: Record<LatencyKind, number> = { successful: 0, failed: 0, ignored: 0, timeout: 0 }
  #recent: Uint32Array | undefined
  #recentCount = 0
  #recentSum = 0
  #nextDecay = -Infinity

  record(kind: LatencyKind, durationMs: number, now: number): void {
    const step = stepOf(durationMs)
    const total = (this.#totals[kind] ??= new Uint32Array(SCALE_LENGTH))
    total[step]! += 1
    this.#sums[kind] += durationMs
    if (now >= this.#nextDecay) this.#decay(now)
    this.#recent ??= new Uint32Array(SCALE_LENGTH)
    this.#recent[step]! += 1
    this.#recentCount += 1
    this.#recentSum += durationMs
  }

  summary(now: number): LatencySummary {
    if (now >= this.#nextDecay) this.#decay(now)
    const count = this.#recentCount
    return {
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: this.#quantile(1),
      mean: count === 0 ? 0 : this.#recentSum / count,
      count,
    }
  }

  buckets(): LatencyBuckets {
    const [successful, failed, ignored, timeout] = KINDS.map((kind) => cumulate(this.#totals[kind])) as [
      number[],
      number[],
      number[],
      number[],
    ]
    const seconds = (kind: LatencyKind): number => this.#sums[kind] / 1_000
    return {
      le: BOUND_STEPS.map((step) => lowerBoundMs(step) / 1_000),
      counts: { successful, failed, ignored, timeout },
      sums: {
        successful: seconds('successful'),
        failed: seconds('failed'),
        ignored: seconds('ignored'),
        timeout: seconds('timeout'),
      },
    }
  }

  /** Halves the recent counts once for each half-life that has passed. */
  #decay(now: number): void {
    const recent = this.#recent
    if (recent !== undefined) {
      const halvings = Math.min(31, 1 + Math.floor((now - this.#nextDecay) / HALF_LIFE_MS))
      const before = this.#recentCount
      this.#recentCount = 0
      for (let step = 0; step < SCALE_LENGTH; step += 1) {
        recent[step]! >>>= halvings
        this.#recentCount += recent[step]!
      }
      this.#recentSum *= before === 0 ? 0 : this.#recentCount / before
    }
    this.#nextDecay = now + HALF_LIFE_MS
  }

  /** Interpolated within its step. */
  #quantile(share: number): number {
    const recent = this.#recent
    if (recent === undefined || this.#recentCount === 0) return 0
    const rank = share * this.#recentCount
    let below = 0
    for (let step = 0; step < SCALE_LENGTH; step += 1) {
      const count = recent[step]!
      if (count > 0 && below + count >= rank) {
        const low = lowerBoundMs(step)
        const high = step + 1 < SCALE_LENGTH ? lowerBoundMs(step + 1) : low
        return low + (high - low) * ((rank - below) / count)
      }
      below += count
    }
    return 0
  }
}

function cumulate(steps: Uint32Array | undefined): number[] {
  const counts: number[] = []
  let sum = 0
  let step = 0
  for (const bound of [...BOUND_STEPS, SCALE_LENGTH]) {
    for (; step < bound; step += 1) sum += steps?.[step] ?? 0
    counts.push(sum)
  }
  return counts
}
