import type { Fallback } from '../fallback.ts'
import type { TripStrategy, TripStrategyFactory } from '../circuit/trip-strategy.ts'

/** Options of one breaker. Durations are in ms. What is left out takes its default. */
export interface BreakerOptions {
  /** Which calls the rules look at. Default `{ type: 'time', durationMs: 10_000, buckets: 10 }`. */
  window?: TimeWindowOptions | CountWindowOptions
  /** Open when this share of the window's calls failed, above 0 to 1. `false`: rule off. Default 0.5. */
  failureRatio?: number | false
  /** Calls the window must hold before a ratio says anything, 1 or more; while recovering half is enough. Default 20. */
  minimumCalls?: number
  /**
   * Open after so many failures in a row, 1 or more. `'auto'` tunes itself to the usual error rate (CUSUM): about
   * 3 in a row where errors are rare, 17 where a fifth of the calls fails anyway. Default `false`: rule off.
   */
  consecutiveFailures?: number | 'auto' | false
  /** Open when `ratio` (above 0 to 1, default 0.8) of the calls took `durationMs` or longer. Default `false`: rule off. */
  slowCall?: { durationMs: number; ratio?: number } | false
  /**
   * A rule of your own, asked besides the others: an object for one breaker alone, or a function that makes one for each
   * breaker. In the defaults of a registry, and for breakers by key, it must be a function. Default: none.
   */
  strategy?: TripStrategy | TripStrategyFactory
  open?: OpenOptions
  probe?: ProbeOptions
  recovery?: RecoveryOptions
  /**
   * Whether an attempt failed, instead of `failOn`: true, false, or `'ignored'` for nobody's failure. Asked for
   * results and thrown errors of `execute`, and for answers and errors of the HTTP adapters.
   */
  isFailure?: (attempt: Attempt) => boolean | 'ignored'
  failOn?: FailOnOptions
  /** Longest time a call may take, above 0. It is aborted then and counts as a timeout. Default `false`: no limit. */
  timeoutMs?: number | false
  /** Limit of calls at one time. Default `false`: none. */
  bulkhead?: BulkheadOptions | false
  /**
   * How long a permit may stay out before its place counts as lost and is given back, above 0. It stays as it is
   * for the life of a breaker. Default 600 000.
   */
  leaseMs?: number
  /** `observe` decides and reports, and never rejects. Default `enforce`. */
  mode?: 'enforce' | 'observe' | 'disabled'
  /** What callers get instead of an error. Default: none, they get the error. */
  fallback?: Fallback
  /** Name of a group that this breaker is a member of. Default: none. */
  group?: string
}

export interface TimeWindowOptions {
  type: 'time'
  /** Length, 1 to 86 400 000. Default 10 000. */
  durationMs?: number
  /** How finely it slides, 1 to 3 600. Default 10. */
  buckets?: number
}

export interface CountWindowOptions {
  type: 'count'
  /** The last so many calls, 1 to 1 000 000. Default 100. */
  size?: number
}

/** How long it stays open: `durationMs * factor ^ (opens in a row - 1)`, at most `maxMs`, spread by `jitter`. */
export interface OpenOptions {
  /** Above 0. Default 30 000. */
  durationMs?: number
  /** At least `durationMs`. Default 300 000, or `durationMs` where that is longer. */
  maxMs?: number
  /** 1 or more. Default 2. */
  factor?: number
  /** The share by which it varies to both sides, 0 to 1. Default 0.2. */
  jitter?: number
}

/** How a half-open breaker finds out. */
export interface ProbeOptions {
  /** Probes that decide, 1 or more. Default 3. */
  max?: number
  /** Probes at one time, 1 to `max`. Default 1. */
  concurrency?: number
  /** Share that must succeed, above 0 to 1, compared at two decimals: 2 of 3 meet 0.67. Default 0.67. */
  successRatio?: number
  /** Longest time for a probe, above 0. Its place is given back after twice that. Default: `timeoutMs`, or none. */
  timeoutMs?: number
  /** From the first probe on: decide with the results there are, or begin anew. Above 0. Default 30 000. */
  maxWaitMs?: number
}

/** After closing the admitted share grows: `max(floor, (t / rampMs) ^ 1.5)`. */
export interface RecoveryOptions {
  /** 0: none, everything at once. Default 10 000. */
  rampMs?: number
  /** The share to begin with, above 0 to 1. Default 0.1. */
  floor?: number
}

/** What the HTTP adapters and `execute` take for a failure. */
export interface FailOnOptions {
  /** Statuses, 100 to 599. Default: 500 to 599 without 501 and 505. 429, 501 and 505 are ignored unless listed. */
  status?: readonly number[]
  /** Whether errors of the connection count; else they are ignored. Default true. */
  network?: boolean
}

export interface BulkheadOptions {
  /** Calls at one time, 1 or more; `'auto'` finds it by watching latency (between 20 and 200). */
  max: number | 'auto'
  /** Callers that may wait for a place, 0 or more. Default 0. */
  queue?: number
  /** How long they wait, above 0. Default 1 000. */
  queueTimeoutMs?: number
}

/** What is to be judged: an error, an HTTP status, or the result of a function. */
export interface Attempt {
  readonly error?: unknown
  readonly statusCode?: number
  readonly result?: unknown
}

/** The options as they are in force: complete and frozen. */
export interface ResolvedBreakerOptions {
  readonly window: Readonly<Required<TimeWindowOptions>> | Readonly<Required<CountWindowOptions>>
  readonly failureRatio: number | false
  readonly minimumCalls: number
  readonly consecutiveFailures: number | 'auto' | false
  readonly slowCall: { readonly durationMs: number; readonly ratio: number } | false
  readonly strategy: TripStrategy | TripStrategyFactory | undefined
  readonly open: Readonly<Required<OpenOptions>>
  readonly probe: Readonly<Required<Omit<ProbeOptions, 'timeoutMs'>>> & {
    readonly timeoutMs: number | undefined
  }
  readonly recovery: Readonly<Required<RecoveryOptions>>
  readonly isFailure: ((attempt: Attempt) => boolean | 'ignored') | undefined
  readonly failOn: { readonly status: readonly number[] | undefined; readonly network: boolean }
  readonly timeoutMs: number | undefined
  readonly bulkhead: Readonly<Required<BulkheadOptions>> | false
  readonly leaseMs: number
  readonly mode: 'enforce' | 'observe' | 'disabled'
  readonly fallback: Fallback | undefined
  readonly group: string | undefined
}
