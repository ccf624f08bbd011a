import type { Ending } from './circuit-port.ts'
import { ALARM } from './cusum.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import { createStrategy, type TripStrategy } from './trip-strategy.ts'
import { TripPolicy } from './trip-policy.ts'
import { type CallWindow, createWindow, type WindowCounts } from '../window/window.ts'

/** What the calls of this generation have shown: the window, and the rules that look at it. */
export class Evidence {
  #options: ResolvedBreakerOptions
  #window: CallWindow
  #strategy: TripStrategy | undefined
  readonly #policy: TripPolicy

  constructor(options: ResolvedBreakerOptions, inFleet: boolean) {
    this.#options = options
    this.#window = createWindow(options.window)
    this.#strategy = createStrategy(options.strategy)
    this.#policy = new TripPolicy(options, inFleet)
  }

  /** The CUSUM level where it amounts to an alarm, else 0. */
  get alarm(): number {
    const level = this.#policy.suspicion
    return level >= ALARM ? level : 0
  }

  /** Drops what is too old at `now`; to be done before anything else. Returns when that must be done again. */
  advance(now: number): number {
    return this.#window.advance(now)
  }

  counts(now: number): WindowCounts {
    this.advance(now)
    return this.#window
  }

  /** Returns why the breaker must open, if it must. While `recovering`, half of `minimumCalls` is enough. */
  add(ending: Ending, recovering: boolean, now: number): string | undefined {
    const window = this.#window
    if (ending.outcome === 'ignored') {
      window.ignore()
      return undefined
    }
    const failed = ending.outcome === 'failure'
    window.record(failed, ending.slow)
    const reason = this.#policy.judge(failed, window, recovering)
    return this.#strategy === undefined ? reason : (reason ?? this.#ask(ending, now))
  }

  isSlow(durationMs: number): boolean {
    const { slowCall } = this.#options
    return slowCall !== false && durationMs >= slowCall.durationMs
  }

  clear(): void {
    this.#window.clear()
    this.#policy.reset()
    this.#strategy?.reset?.()
  }

  seed(counts: WindowCounts, now: number): void {
    this.advance(now)
    this.#window.seed(counts)
  }

  update(options: ResolvedBreakerOptions, now: number): void {
    const held = this.counts(now)
    if (JSON.stringify(options.window) !== JSON.stringify(this.#options.window)) {
      this.#window = createWindow(options.window)
      this.seed(held, now)
    }
    if (options.strategy !== this.#options.strategy) this.#strategy = createStrategy(options.strategy)
    this.#options = options
    this.#policy.update(options)
  }

  #ask({ outcome, slow, durationMs }: Ending, now: number): string | undefined {
    return this.#strategy?.record({ failed: outcome === 'failure', slow, durationMs, now }, this.#window)
  }
}
