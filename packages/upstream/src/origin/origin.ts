import type { CircuitBreaker } from '@sluice/circuit-breaker'
import type { Dispatcher } from 'undici'
import { FailureScore } from '../balance/failure-score.ts'
import { hashOf } from '../balance/rendezvous.ts'
import { slowStartShare } from '../balance/slow-start.ts'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import type { OriginAddress } from './address.ts'

/** One server of the upstream, with what is known of it. */
export class Origin {
  readonly address: OriginAddress
  readonly pool: Dispatcher
  /** Its own breaker; set where there are several origins. */
  breaker: CircuitBreaker | undefined
  readonly failureScore: FailureScore = new FailureScore()
  /** For {@link rendezvous}. */
  readonly seed: number
  weight: number
  /** Attempts under way. */
  active = 0
  requests = 0
  failures = 0
  /** What the active health checks say. */
  healthy = true
  /** For {@link roundRobin}. */
  credit = 0

  readonly #slowStart: ResolvedUpstreamOptions['slowStart']
  #rampSince = -Infinity

  constructor(
    address: OriginAddress,
    weight: number,
    pool: Dispatcher,
    slowStart: ResolvedUpstreamOptions['slowStart'],
  ) {
    this.address = address
    this.weight = weight
    this.pool = pool
    this.seed = hashOf(address.id)
    this.#slowStart = slowStart
  }

  /** Its weight, less during a slow start. */
  weightAt(now: number): number {
    if (this.#slowStart === false || this.#rampSince === -Infinity) return this.weight
    const share = slowStartShare(this.#slowStart, now - this.#rampSince)
    if (share === 1) this.#rampSince = -Infinity
    return this.weight * share
  }

  /** It is new among others, or back after it was down. */
  startSlowly(now: number): void {
    this.#rampSince = now
  }

  /** Whether it must not be used: taken out by hand, or unhealthy. */
  get down(): boolean {
    return !this.healthy || this.breaker?.state === 'forced-open'
  }

  /** Whether its breaker has taken it out. */
  get ejected(): boolean {
    return this.breaker?.state === 'open'
  }
}
