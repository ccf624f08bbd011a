/** Of the calls of the last one to two minutes, in ms. All 0 where there were none. */
export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly mean: number
  readonly count: number
}

export type LatencyKind = 'successful' | 'failed' | 'ignored' | 'timeout'

/** Since the breaker was made, in the shape of a Prometheus histogram. */
export interface LatencyBuckets {
  /** Upper bounds in seconds, without +Inf. */
  readonly le: readonly number[]
  /** Cumulative counts, one for each bound and one for +Inf. */
  readonly counts: Readonly<Record<LatencyKind, readonly number[]>>
  /** In seconds. */
  readonly sums: Readonly<Record<LatencyKind, number>>
}
