/** The rate of failures that is an outage for sure. */
const OUTAGE = 0.7
const FLOOR = 0.02
const CEILING = 0.5
/** The usual rate is taken for this until calls have shown otherwise, as if so many had been seen. */
const PRIOR = 0.05
const PRIOR_CALLS = 20
/** Calls during a suspicion weigh as if at least so many had been seen: else an outage soon passes for usual. */
const SUSPECT_CALLS = 64
/** One call weighs no less than this share of the usual rate: about the last 1 000 calls count. */
const MEMORY = 512
/** Evidence (in nats) at which the change counts as real. */
export const ALARM = 9

/**
 * Cumulative sum test for a change from the usual error rate to an outage: each failure is evidence for, each success
 * against. Sums up to the alarm after 3 failures in a row where errors are rare, after some 17 where a fifth of all
 * calls fails anyway. By itself it would drift to an alarm at rates between the two, hence `ratio`, the share of failures
 * since the suspicion began, for the caller to look at as well.
 */
export class Cusum {
  level = 0
  #usual = PRIOR
  #seen = PRIOR_CALLS
  #failures = 0
  #calls = 0

  /** Share of failures since the level left 0. */
  get ratio(): number {
    return this.#calls === 0 ? 0 : this.#failures / this.#calls
  }

  record(failed: boolean): void {
    if (this.#seen < MEMORY) this.#seen += 1
    if (!failed && this.level === 0) {
      this.#usual -= this.#usual / this.#seen
      return
    }
    const expected = Math.min(CEILING, Math.max(FLOOR, 2 * this.#usual))
    this.#calls += 1
    if (failed) {
      this.#failures += 1
      this.level += Math.log(OUTAGE / expected)
    } else {
      this.level += Math.log((1 - OUTAGE) / (1 - expected))
      if (this.level <= 0) this.reset()
    }
    this.#usual += ((failed ? 1 : 0) - this.#usual) / Math.max(SUSPECT_CALLS, this.#seen)
  }

  /** Ends the suspicion; the usual rate stays known. */
  reset(): void {
    this.level = 0
    this.#failures = 0
    this.#calls = 0
  }
}
