/** Buckets grow by a tenth: a quantile is exact to 5 %, from 1 ms to about 9 minutes. */
const GROWTH = Math.log(1.1)
const BUCKETS = 140
/** Each of the two halves of the window. */
const HALF_MS = 15_000
/** Fewer samples than this say nothing about a tail. */
const MINIMUM = 50
/** The answer is worked out anew after so many samples, not at each request. */
const REFRESH = 32

/**
 * How long the answers of the last 15 to 30 s took, up to their headers: two histograms of which the older one is
 * dropped in turn. Fixed memory, O(1) to record.
 */
export class LatencyWindow {
  readonly #quantile: number
  #current: Uint32Array = new Uint32Array(BUCKETS)
  #previous: Uint32Array = new Uint32Array(BUCKETS)
  #halfBeganAt = 0
  #sinceRefresh = REFRESH
  #value: number | undefined

  constructor(quantile: number) {
    this.#quantile = quantile
  }

  record(latencyMs: number, now: number): void {
    this.#turn(now)
    const index = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(latencyMs) / GROWTH)))
    this.#current[index] = (this.#current[index] as number) + 1
    this.#sinceRefresh++
  }

  /** The quantile in ms, or undefined while too little is known. */
  value(now: number): number | undefined {
    this.#turn(now)
    if (this.#value === undefined || this.#sinceRefresh >= REFRESH) {
      this.#sinceRefresh = 0
      this.#value = this.#compute()
    }
    return this.#value
  }

  #turn(now: number): void {
    const elapsed = now - this.#halfBeganAt
    if (elapsed < HALF_MS) return
    const emptied = this.#previous.fill(0)
    this.#previous = elapsed < 2 * HALF_MS ? this.#current : emptied
    this.#current = elapsed < 2 * HALF_MS ? emptied : this.#current.fill(0)
    this.#halfBeganAt = now
    this.#sinceRefresh = REFRESH
  }

  #compute(): number | undefined {
    let total = 0
    for (let i = 0; i < BUCKETS; i++) total += this.#count(i)
    if (total < MINIMUM) return undefined
    let rank = total * this.#quantile
    for (let i = 0; i < BUCKETS; i++) {
      rank -= this.#count(i)
      // The upper edge: a hedge a little late costs less than one too many.
      if (rank <= 0) return Math.exp((i + 1) * GROWTH)
    }
    return Math.exp(BUCKETS * GROWTH)
  }

  #count(index: number): number {
    return (this.#current[index] as number) + (this.#previous[index] as number)
  }
}
