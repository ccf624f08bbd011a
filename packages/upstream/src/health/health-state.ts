/** Good or bad answers in a row that it takes to change one's mind. */
export interface HealthThresholds {
  readonly healthyAfter: number
  readonly unhealthyAfter: number
}

/** What a series of checks says of an origin. It is well until shown otherwise. */
export class HealthState {
  readonly #thresholds: HealthThresholds
  #healthy = true
  /** Answers in a row that speak against the present state. */
  #against = 0

  constructor(thresholds: HealthThresholds) {
    this.#thresholds = thresholds
  }

  get healthy(): boolean {
    return this.#healthy
  }

  /** Returns whether this answer has changed the state. */
  record(good: boolean): boolean {
    this.#against = good === this.#healthy ? 0 : this.#against + 1
    const needed = this.#healthy ? this.#thresholds.unhealthyAfter : this.#thresholds.healthyAfter
    if (this.#against < needed) return false
    this.#healthy = good
    this.#against = 0
    return true
  }
}
