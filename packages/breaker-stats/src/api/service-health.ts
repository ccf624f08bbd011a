import type { BreakerSnapshot } from '@sluice/circuit-breaker'

/** A breaker as `GET /api/v1/circuit-breakers` tells it, in the words of clients that know that address. */
export interface ServiceHealth {
  readonly state: string
  readonly failure_count: number
  readonly success_count: number
  /** Failures in the window. */
  readonly recent_failures: number
  readonly total_calls: number
}

export function serviceHealth({ state, totals, window }: BreakerSnapshot): ServiceHealth {
  return {
    state: state.replace('-', '_'),
    failure_count: totals.failures,
    success_count: totals.successes,
    recent_failures: window.failures,
    total_calls: totals.fires,
  }
}
