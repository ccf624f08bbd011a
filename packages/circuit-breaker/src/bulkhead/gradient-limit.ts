const MINIMUM = 20
const MAXIMUM = 200
const QUEUE = 4
const TOLERANCE = 1.5
const SMOOTHING = 0.2
/** Weight of one call in the usual latency: about the last 600 calls count. */
const WEIGHT = 2 / (600 + 1)

/**
 * A limit of concurrency that follows latency (the idea is that of Netflix's Gradient2): it grows while calls take
 * about as long as usual, and shrinks by as much as they take longer.
 */
export class GradientLimit {
  #limit = MINIMUM
  #usualMs = 0

  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Learns from a call; `inFlight` is the number of calls when it ended, itself among them. */
  observe(durationMs: number, inFlight: number): void {
    this.#usualMs = this.#usualMs === 0 ? durationMs : this.#usualMs + (durationMs - this.#usualMs) * WEIGHT
    // After a long stretch of slowness the usual latency must find its way back faster than by its weight.
    if (this.#usualMs > 2 * durationMs) this.#usualMs *= 0.95
    // What is not in use cannot be judged.
    if (inFlight < this.#limit / 2) return
    const gradient = durationMs === 0 ? 1 : (TOLERANCE * this.#usualMs) / durationMs
    const target = this.#limit * Math.max(0.5, Math.min(1, gradient)) + QUEUE
    this.#limit += (target - this.#limit) * SMOOTHING
    this.#limit = Math.max(MINIMUM, Math.min(MAXIMUM, this.#limit))
  }
}
