import { UpstreamError } from '../errors.ts'
import type { UpstreamRequest, Layer } from '../upstream-request.ts'
import type { ResponseHandler } from '../handler.ts'
import type { Balancer } from '../balance/balancer.ts'
import type { UpstreamCounters } from '../counters.ts'
import type { ResolvedTimeouts } from '../options.ts'
import { Attempt, type AttemptScope } from './attempt.ts'
import { sendWithTimeouts } from './timeouts.ts'

/** The innermost layer: asks the upstream's breaker, picks an origin, and sends. */
export class AttemptLayer implements Layer {
  readonly #scope: AttemptScope
  readonly #balancer: Balancer
  readonly #timeouts: ResolvedTimeouts
  readonly #counters: UpstreamCounters

  constructor(
    scope: AttemptScope,
    balancer: Balancer,
    timeouts: ResolvedTimeouts,
    counters: UpstreamCounters,
  ) {
    this.#scope = scope
    this.#balancer = balancer
    this.#timeouts = timeouts
    this.#counters = counters
  }

  send(request: UpstreamRequest, handler: ResponseHandler): void {
    const permit = this.#scope.breaker?.acquire()
    if (permit !== undefined && !permit.admitted) {
      handler.onResponseError(null, permit.toError())
      return
    }
    const choice = this.#balancer.choose(request)
    if (choice === undefined) {
      permit?.ignore()
      handler.onResponseError(null, new UpstreamError('SLUICE_UPSTREAM_UNAVAILABLE', this.#scope.upstream))
      return
    }
    const { origin } = choice
    const { options } = request
    this.#counters.attempts++
    request.tried?.push(origin)
    const attempt = new Attempt(handler, this.#scope, origin, options.body, permit, choice.permit)
    sendWithTimeouts(origin.pool, options, attempt, {
      upstream: this.#scope.upstream,
      origin: origin.address.label,
      limits: this.#timeouts,
      attemptMs: Math.min(permit?.timeoutMs ?? Infinity, choice.permit?.timeoutMs ?? Infinity),
    })
  }
}
