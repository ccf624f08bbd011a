import { ALARM } from './cusum.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import type { Outcome } from '../outcome.ts'
import { TripPolicy } from './trip-policy.ts'
import { type CallWindow, createWindow, type WindowCounts } from '../window/window.ts'

/** What the calls of this generation have shown: the window, and the rules that look at it. */
export class Evidence {
  #options: ResolvedBreakerOptions
  #window: CallWindow
  readonly #policy: TripPolicy

  constructor(options: ResolvedBreakerOptions, inFleet: boolean) {
    this.#options = options
    this.#window = createWindow(options.window)
    this.#policy = new TripPolicy(options, inFleet)
  }

  /** The CUSUM level where it amounts to an alarm, else 0. */
  get alarm(): number {
    const level = this.#policy.suspicion
    return level >= ALARM ? level : 0
  }

  counts(now: number): WindowCounts {
    this.#window.advance(now)
    return this.#window
  }

  /** Returns why the breaker must open, if it must. While `recovering`, half of `minimumCalls` is enough. */
  add(outcome: Outcome, durationMs: number, recovering: boolean, now: number): string | undefined {
    const window = this.#window
    if (outcome === 'ignored') {
      window.ignore(now)
      return undefined
    }
    const { minimumCalls, strategy } = this.#options
    const failed = outcome === 'failure'
    const slow = this.isSlow(durationMs)
    window.record(failed, slow, now)
    return (
      this.#policy.judge(failed, window, recovering ? Math.ceil(minimumCalls / 2) : minimumCalls) ??
      strategy?.record({ failed, slow, durationMs, now }, window)
    )
  }

  isSlow(durationMs: number): boolean {
    const { slowCall } = this.#options
    return slowCall !== false && durationMs >= slowCall.durationMs
  }

  clear(): void {
    this.#window.clear()
    this.#policy.reset()
    this.#options.strategy?.reset?.()
  }

  seed(counts: WindowCounts, now: number): void {
    this.#window.seed(counts, now)
  }

  update(options: ResolvedBreakerOptions, now: number): void {
    const held = this.counts(now)
    if (JSON.stringify(options.window) !== JSON.stringify(this.#options.window)) {
      this.#window = createWindow(options.window)
      this.#window.seed(held, now)
    }
    this.#options = options
    this.#policy.update(options)
  }
}
