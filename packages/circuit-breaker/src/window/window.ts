import { CountWindow } from './count-window.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import { TimeWindow } from './time-window.ts'

/** What a window holds now. */
export interface WindowCounts {
  readonly successes: number
  readonly failures: number
  /** Successes and failures that were slow. */
  readonly slow: number
  /** Neither success nor failure; a window by count does not keep them. */
  readonly ignored: number
}

/**
 * The recent calls. Sums are kept as calls come and go: reading them costs nothing, whatever the window holds. What is
 * counted or read is so as of the last `advance`.
 */
export interface CallWindow extends WindowCounts {
  /** Drops what is too old at `now`. Returns when that must be done again. */
  advance(now: number): number
  record(failed: boolean, slow: boolean): void
  ignore(): void
  clear(): void
  /** Takes over what another window held, as if it had all happened just now. */
  seed(counts: WindowCounts): void
}

export function createWindow(options: ResolvedBreakerOptions['window']): CallWindow {
  return options.type === 'time'
    ? new TimeWindow(options.durationMs, options.buckets)
    : new CountWindow(options.size)
}
