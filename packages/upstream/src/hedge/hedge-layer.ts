import type { UpstreamCounters } from '../counters.ts'
import type { ResolvedDeps } from '../deps.ts'
import type { ResponseHandler } from '../handler.ts'
import { isReplayable } from '../retry/replayable.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'
import { isIdempotent } from '../retry/retry-rules.ts'
import type { Layer, UpstreamRequest } from '../upstream-request.ts'
import { HedgedRequest } from './hedged-request.ts'
import type { LatencyWindow } from './latency-window.ts'

/** Sends a second attempt beside one that is slower than nearly all others ("The Tail at Scale", Dean and Barroso, 2013). */
export class HedgeLayer implements Layer {
  readonly next: Layer
  readonly budget: RetryBudget
  readonly counters: UpstreamCounters
  readonly deps: ResolvedDeps
  readonly #methods: ReadonlySet<string>
  readonly #latency: LatencyWindow
  readonly #minDelayMs: number

  constructor(
    next: Layer,
    parts: {
      budget: RetryBudget
      counters: UpstreamCounters
      deps: ResolvedDeps
      methods: ReadonlySet<string>
      latency: LatencyWindow
      minDelayMs: number
    },
  ) {
    this.next = next
    this.budget = parts.budget
    this.counters = parts.counters
    this.deps = parts.deps
    this.#methods = parts.methods
    this.#latency = parts.latency
    this.#minDelayMs = parts.minDelayMs
  }

  send(request: UpstreamRequest, handler: ResponseHandler): void {
    const { options } = request
    const usual = this.#latency.value(this.deps.now())
    if (usual === undefined || !isReplayable(options.body) || !isIdempotent(options, this.#methods)) {
      this.next.send(request, handler)
      return
    }
    new HedgedRequest(this, request, handler).start(Math.max(usual, this.#minDelayMs))
  }
}
