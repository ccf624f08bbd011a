import type { Permit } from '@sluice/circuit-breaker'
import type { ResolvedDeps } from '../deps.ts'
import type { Candidate } from '../attempt/admission.ts'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import type { Origin } from '../origin/origin.ts'
import type { OriginSet } from '../origin/origin-set.ts'
import { hashKeyOf } from './hash-key.ts'
import { leastRequests } from './least-requests.ts'
import type { Policy } from './policy.ts'
import { hashOf, rendezvous } from './rendezvous.ts'
import { Rotation } from './rotation.ts'
import { roundRobin } from './round-robin.ts'

/** An origin, and leave of its own breaker if it has one. */
export interface Choice {
  readonly origin: Origin
  readonly permit: Permit | undefined
}

/** Decides which origin gets an attempt. */
export class Balancer {
  readonly #origins: OriginSet
  readonly #rotation: Rotation
  readonly #policy: Policy
  readonly #by: ResolvedUpstreamOptions['balance']['by'] | undefined
  readonly #deps: ResolvedDeps

  constructor(origins: OriginSet, { balance, outlier }: ResolvedUpstreamOptions, deps: ResolvedDeps) {
    this.#origins = origins
    this.#rotation = new Rotation(origins, outlier === false ? 0 : outlier.maxEjected)
    this.#policy = policyOf(balance.policy, deps)
    this.#by = balance.policy === 'hash' ? balance.by : undefined
    this.#deps = deps
  }

  /** Undefined where no origin may be used at all. */
  choose(request: Candidate): Choice | undefined {
    const { all } = this.#origins
    // With one origin there is nothing to choose, and ejecting it would be an outage.
    if (all.length === 1) return { origin: all[0] as Origin, permit: undefined }
    return this.#admit(this.#rotation.candidates(request.tried), this.#hash(request))
  }

  /** Picks until an origin's breaker agrees. One that rejects all the same is used rather than none. */
  #admit(candidates: readonly Origin[], hash: number): Choice | undefined {
    let left = candidates
    let last: Origin | undefined
    while (left.length > 0) {
      const origin = this.#policy.pick(left, this.#deps.now(), hash)
      const answer = origin.breaker?.acquire()
      // It is open, and in the rotation only because too many others are out.
      if (answer === undefined || (!answer.admitted && origin.ejected)) return { origin, permit: undefined }
      if (answer.admitted) return { origin, permit: answer }
      last = origin
      left = left.filter((other) => other !== origin)
    }
    return last === undefined ? undefined : { origin: last, permit: undefined }
  }

  #hash(request: Candidate): number {
    if (this.#by === undefined) return 0
    const key = hashKeyOf(request.options, this.#by)
    return key === undefined ? Math.floor(this.#deps.random() * 4_294_967_296) : hashOf(key)
  }
}

function policyOf(policy: ResolvedUpstreamOptions['balance']['policy'], deps: ResolvedDeps): Policy {
  if (policy === 'hash') return rendezvous
  return policy === 'least-requests' ? leastRequests(deps.random) : roundRobin
}
