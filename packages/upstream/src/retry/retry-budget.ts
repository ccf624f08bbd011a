import type { BudgetOptions } from '../options/options.ts'

const WINDOW_MS = 10_000
const BUCKETS = 10
const BUCKET_MS = WINDOW_MS / BUCKETS

/**
 * Bounds what retries and hedges add to an upstream's load: of the last 10 s at most `ratio` of the requests, and a
 * floor for upstreams with hardly any. So a dead upstream gets 1.2 times the traffic, and not attempts times as much.
 */
export class RetryBudget {
  readonly #ratio: number
  readonly #floor: number
  readonly #requests: Uint32Array = new Uint32Array(BUCKETS)
  readonly #spent: Uint32Array = new Uint32Array(BUCKETS)
  #allRequests = 0
  #allSpent = 0
  /** Number of the current bucket since the clock's origin. */
  #tick = 0
  /** How often it had to refuse. */
  exhausted = 0

  constructor({ ratio, minPerSecond }: Required<BudgetOptions>) {
    this.#ratio = ratio
    this.#floor = (minPerSecond * WINDOW_MS) / 1_000
  }

  /** Counts a request, not its retries. */
  deposit(now: number): void {
    this.#turn(now)
    const bucket = this.#tick % BUCKETS
    this.#requests[bucket] = (this.#requests[bucket] as number) + 1
    this.#allRequests++
  }

  /** Takes leave for one retry or hedge; false where there is none. */
  withdraw(now: number): boolean {
    if (this.available(now) < 1) {
      this.exhausted++
      return false
    }
    const bucket = this.#tick % BUCKETS
    this.#spent[bucket] = (this.#spent[bucket] as number) + 1
    this.#allSpent++
    return true
  }

  /** How many retries there is leave for, whole ones. */
  available(now: number): number {
    this.#turn(now)
    // The product may fall short of a whole number by a rounding error: 0.2 × 15.
    const limit = Math.floor(Math.max(this.#ratio * this.#allRequests, this.#floor) + 1e-9)
    return Math.max(0, limit - this.#allSpent)
  }

  #turn(now: number): void {
    const tick = Math.floor(now / BUCKET_MS)
    const passed = Math.min(BUCKETS, tick - this.#tick)
    for (let i = 1; i <= passed; i++) {
      const bucket = (this.#tick + i) % BUCKETS
      this.#allRequests -= this.#requests[bucket] as number
      this.#allSpent -= this.#spent[bucket] as number
      this.#requests[bucket] = 0
      this.#spent[bucket] = 0
    }
    if (passed > 0) this.#tick = tick
  }
}
