import { ALARM, Cusum } from './cusum.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import type { WindowCounts } from '../window/window.ts'

/** The built-in rules for when to open: any of them is enough. */
export class TripPolicy {
  #options: ResolvedBreakerOptions
  #consecutive = 0
  #cusum: Cusum | undefined

  constructor(options: ResolvedBreakerOptions, suspicious: boolean) {
    this.#options = options
    if (suspicious || options.consecutiveFailures === 'auto') this.#cusum = new Cusum()
  }

  /** Evidence for an outage; at `ALARM` or above, 0 while it is not backed by the share of failures. */
  get suspicion(): number {
    const cusum = this.#cusum
    if (cusum === undefined || cusum.ratio < this.#suspectRatio) return 0
    return cusum.level
  }

  /** Takes a call into account that the window has already. Returns why the breaker must open, if it must. */
  judge(failed: boolean, window: WindowCounts, recovering: boolean): string | undefined {
    this.#consecutive = failed ? this.#consecutive + 1 : 0
    this.#cusum?.record(failed)
    if (window.failures + window.slow === 0) return undefined
    return this.#ratios(window, recovering) ?? (failed ? this.#succession() : undefined)
  }

  reset(): void {
    this.#consecutive = 0
    this.#cusum?.reset()
  }

  update(options: ResolvedBreakerOptions): void {
    this.#options = options
    if (options.consecutiveFailures === 'auto') this.#cusum ??= new Cusum()
  }

  get #suspectRatio(): number {
    return this.#options.failureRatio === false ? 0.5 : this.#options.failureRatio
  }

  #ratios(window: WindowCounts, recovering: boolean): string | undefined {
    const { failureRatio, slowCall, minimumCalls } = this.#options
    const calls = window.successes + window.failures
    if (calls < (recovering ? Math.ceil(minimumCalls / 2) : minimumCalls)) return undefined
    if (failureRatio !== false && window.failures >= failureRatio * calls) {
      return `${window.failures} of ${calls} calls failed`
    }
    if (slowCall !== false && window.slow >= slowCall.ratio * calls) {
      return `${window.slow} of ${calls} calls were slow`
    }
    return undefined
  }

  #succession(): string | undefined {
    const limit = this.#options.consecutiveFailures
    if (limit === false) return undefined
    const reached = limit === 'auto' ? this.suspicion >= ALARM : this.#consecutive >= limit
    return reached ? `${this.#consecutive} failures in a row` : undefined
  }
}
