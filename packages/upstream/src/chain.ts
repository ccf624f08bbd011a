import { AttemptLayer } from './attempt/attempt-layer.ts'
import type { AttemptScope } from './attempt/attempt.ts'
import type { Balancer } from './balance/balancer.ts'
import type { UpstreamCounters } from './counters.ts'
import type { ResolvedDeps } from './deps.ts'
import { HedgeLayer } from './hedge/hedge-layer.ts'
import { LatencyWindow } from './hedge/latency-window.ts'
import type { ResolvedUpstreamOptions } from './options.ts'
import { IDEMPOTENT_METHODS } from './retry/idempotent-methods.ts'
import type { RetryBudget } from './retry/retry-budget.ts'
import { RetryLayer } from './retry/retry-layer.ts'
import type { Layer } from './upstream-request.ts'

export interface ChainParts {
  readonly options: ResolvedUpstreamOptions
  readonly scope: Omit<AttemptScope, 'latency' | 'now'>
  readonly balancer: Balancer
  readonly counters: UpstreamCounters
  /** Needed for retries and hedges. */
  readonly budget: RetryBudget | undefined
  readonly deps: ResolvedDeps
}

/** Retry ⊃ hedge ⊃ attempt (breaker, origin, timeouts, pool). A layer that is turned off is not there. */
export function createChain({ options, scope, balancer, counters, budget, deps }: ChainParts): Layer {
  const { retry, hedge, timeouts } = options
  const latency = hedge === false ? undefined : new LatencyWindow(hedge.quantile)
  let chain: Layer = new AttemptLayer({ ...scope, latency, now: deps.now }, balancer, timeouts, counters)
  if (hedge !== false && latency !== undefined && budget !== undefined) {
    const methods = retry === false ? IDEMPOTENT_METHODS : retry.methods
    const { minDelayMs } = hedge
    chain = new HedgeLayer(chain, { budget, counters, deps, methods, latency, minDelayMs })
  }
  return retry === false || budget === undefined
    ? chain
    : new RetryLayer(chain, retry, budget, counters, deps)
}
