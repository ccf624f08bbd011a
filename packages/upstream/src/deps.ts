import { systemClock, type Clock } from '@sluice/circuit-breaker'

/** What decides by time and chance, so that tests can decide instead. */
export interface UpstreamDeps {
  /** For budgets, breakers, slow starts. Timeouts and waits run on real time all the same. Default: the system's. */
  readonly clock?: Clock
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
}

export interface ResolvedDeps extends Required<UpstreamDeps> {
  /** Monotonic time in ms. */
  readonly now: () => number
}

export function resolveDeps({ clock = systemClock, random = Math.random }: UpstreamDeps = {}): ResolvedDeps {
  return { clock, random, now: () => clock.now() }
}
