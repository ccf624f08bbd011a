import type { UpstreamCounters } from '../counters.ts'
import type { ResolvedDeps } from '../deps.ts'
import type { ResponseHandler } from '../handler.ts'
import type { ResolvedRetry } from '../options/options.ts'
import type { Layer, UpstreamRequest } from '../upstream-request.ts'
import type { RetryBudget } from './retry-budget.ts'
import { isIdempotent } from './retry-rules.ts'
import { RetriedRequest } from './retried-request.ts'

/** Sends again what failed, within the budget. */
export class RetryLayer implements Layer {
  readonly next: Layer
  readonly options: ResolvedRetry
  readonly budget: RetryBudget
  readonly counters: UpstreamCounters
  readonly deps: ResolvedDeps

  constructor(
    next: Layer,
    options: ResolvedRetry,
    budget: RetryBudget,
    counters: UpstreamCounters,
    deps: ResolvedDeps,
  ) {
    this.next = next
    this.options = options
    this.budget = budget
    this.counters = counters
    this.deps = deps
  }

  send(request: UpstreamRequest, handler: ResponseHandler): void {
    request.tried = []
    const idempotent = isIdempotent(request.options, this.options.methods)
    this.next.send(request, new RetriedRequest(this, request, handler, idempotent))
  }
}
