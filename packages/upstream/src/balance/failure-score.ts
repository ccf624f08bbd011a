/** How fast a failure is forgotten: half of it every 5 s. */
const HALF_LIFE_MS = 5_000

/**
 * How much an origin has failed lately. Failures are fast, so an origin that fails everything looks idle, and a
 * balancer that goes by load alone would send it most of the traffic.
 */
export class FailureScore {
  #score = 0
  #at = 0

  add(now: number): void {
    this.#score = this.at(now) + 1
    this.#at = now
  }

  at(now: number): number {
    return this.#score === 0 ? 0 : this.#score * 2 ** ((this.#at - now) / HALF_LIFE_MS)
  }
}
