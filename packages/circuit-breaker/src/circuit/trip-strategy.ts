import type { WindowCounts } from '../window/window.ts'

export interface CallSample {
  readonly failed: boolean
  readonly slow: boolean
  readonly durationMs: number
  /** Monotonic ms of the breaker's clock. */
  readonly now: number
}

/** A rule of one's own for when to open. One object serves one breaker: it may keep state. */
export interface TripStrategy {
  /** Told each success and failure that counts, after the window has it. A string opens the breaker and says why. */
  record(sample: CallSample, window: WindowCounts): string | undefined
  /** The evidence so far is void: the breaker changed its state or was reset. */
  reset?(): void
}

/** Makes the rule of a breaker: for options that several breakers share. */
export type TripStrategyFactory = () => TripStrategy

export function createStrategy(
  strategy: TripStrategy | TripStrategyFactory | undefined,
): TripStrategy | undefined {
  return typeof strategy === 'function' ? strategy() : strategy
}
