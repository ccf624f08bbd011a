import { AttemptLayer } from './attempt/attempt-layer.ts'
import type { Admission } from './attempt/admission.ts'
import type { UpstreamCounters } from './counters.ts'
import type { ResolvedDeps } from './deps.ts'
import { HedgeLayer } from './hedge/hedge-layer.ts'
import type { LatencyWindow } from './hedge/latency-window.ts'
import type { ResolvedUpstreamOptions } from './options/options.ts'
import { IDEMPOTENT_METHODS } from './retry/idempotent-methods.ts'
import type { RetryBudget } from './retry/retry-budget.ts'
import { RetryLayer } from './retry/retry-layer.ts'
import type { Layer } from './upstream-request.ts'

export interface ChainParts {
  readonly options: ResolvedUpstreamOptions
  readonly admission: Admission
  /** Needed for hedges. */
  readonly latency: LatencyWindow | undefined
  readonly counters: UpstreamCounters
  /** Needed for retries and hedges. */
  readonly budget: RetryBudget | undefined
  readonly deps: ResolvedDeps
}

/** Retry ⊃ hedge ⊃ attempt (breaker, origin, timeouts, pool). A layer that is turned off is not there. */
export function createChain({ options, admission, latency, counters, budget, deps }: ChainParts): Layer {
  const { name, retry, hedge, timeouts } = options
  let chain: Layer = new AttemptLayer(name, admission, timeouts)
  if (hedge !== false && latency !== undefined && budget !== undefined) {
    const methods = retry === false ? IDEMPOTENT_METHODS : retry.methods
    const { minDelayMs } = hedge
    chain = new HedgeLayer(chain, { budget, counters, deps, methods, latency, minDelayMs })
  }
  return retry === false || budget === undefined
    ? chain
    : new RetryLayer(chain, retry, budget, counters, deps)
}
