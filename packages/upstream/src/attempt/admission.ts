import type { Permit } from '@sluice/circuit-breaker'
import type { Balancer } from '../balance/balancer.ts'
import type { UpstreamCounters } from '../counters.ts'
import { UpstreamError } from '../errors.ts'
import type { Origin } from '../origin/origin.ts'
import type { UpstreamRequest } from '../upstream-request.ts'
import { Attempt, type AttemptScope } from './attempt.ts'
import type { ResponseHandler } from '../handler.ts'

/** What is asked before anything is sent: a request of the chain, or the upgrade of a WebSocket. */
export type Candidate = Pick<UpstreamRequest, 'options' | 'tried'>

/** An attempt that may begin. */
export interface Admitted {
  readonly attempt: Attempt
  readonly origin: Origin
  /** How long the breakers' permits let it take, ms; Infinity: no limit. */
  readonly limitMs: number
}

/** The gate in front of every attempt: asks the upstream's breaker, picks an origin, and opens the books. */
export class Admission {
  readonly #scope: AttemptScope
  readonly #balancer: Balancer
  readonly #counters: UpstreamCounters

  constructor(scope: AttemptScope, balancer: Balancer, counters: UpstreamCounters) {
    this.#scope = scope
    this.#balancer = balancer
    this.#counters = counters
  }

  /**
   * @param gated whether somebody else has a permit of the upstream's breaker for it
   * @returns the reason why not, for a candidate that may not be sent
   */
  admit(candidate: Candidate, next: ResponseHandler, gated: boolean = false): Admitted | Error {
    const { breaker, upstream } = this.#scope
    const permit = gated ? undefined : breaker?.acquire()
    if (permit !== undefined && !permit.admitted) return permit.toError()
    const choice = this.#balancer.choose(candidate)
    if (choice === undefined) {
      permit?.ignore()
      return new UpstreamError('SLUICE_UPSTREAM_UNAVAILABLE', upstream)
    }
    const { origin } = choice
    this.#counters.attempts++
    candidate.tried?.push(origin)
    return {
      attempt: new Attempt(next, this.#scope, origin, candidate.options.body, permit, choice.permit),
      origin,
      limitMs: shorter(permit, choice.permit),
    }
  }
}

function shorter(permit: Permit | undefined, other: Permit | undefined): number {
  return Math.min(permit?.timeoutMs ?? Infinity, other?.timeoutMs ?? Infinity)
}
