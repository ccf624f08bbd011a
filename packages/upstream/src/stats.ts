import type { UpstreamCounters } from './counters.ts'
import type { Origin } from './origin/origin.ts'
import type { RetryBudget } from './retry/retry-budget.ts'

/** The facts about an upstream at one moment. */
export interface UpstreamStats {
  readonly name: string
  readonly origins: readonly OriginStats[]
  readonly requests: number
  /** Sendings to an origin: requests, retries and hedges, without what the breaker refused. */
  readonly attempts: number
  readonly retries: number
  readonly hedges: number
  /** Retries and hedges there is leave for now, and how often there was none; null where both are off. */
  readonly retryBudget: { readonly available: number; readonly exhausted: number } | null
  /** Requests that ended in an error, by its code; `ABORTED` stands for all that the caller ended. */
  readonly errors: Readonly<Record<string, number>>
}

export interface OriginStats {
  /** `http://10.0.0.1:8080`. */
  readonly origin: string
  /** Of its own breaker, or of the upstream's where there is one origin; `none` without a breaker. */
  readonly state: string
  /** Attempts under way. */
  readonly active: number
  readonly requests: number
  readonly failures: number
  readonly ejected: boolean
  readonly healthy: boolean
  /** Less than configured during a slow start. */
  readonly weight: number
}

export function upstreamStats(
  counters: UpstreamCounters,
  origins: readonly Origin[],
  breakerState: string | undefined,
  budget: RetryBudget | undefined,
  now: number,
): UpstreamStats {
  const { upstream, requests, attempts, retries, hedges, errors } = counters
  return {
    name: upstream,
    origins: origins.map((origin) => originStats(origin, breakerState, now)),
    requests,
    attempts,
    retries,
    hedges,
    retryBudget:
      budget === undefined ? null : { available: budget.available(now), exhausted: budget.exhausted },
    errors,
  }
}

function originStats(origin: Origin, breakerState: string | undefined, now: number): OriginStats {
  return {
    origin: origin.address.label,
    state: origin.breaker?.state ?? breakerState ?? 'none',
    active: origin.active,
    requests: origin.requests,
    failures: origin.failures,
    ejected: origin.ejected,
    healthy: origin.healthy,
    weight: origin.weightAt(now),
  }
}
