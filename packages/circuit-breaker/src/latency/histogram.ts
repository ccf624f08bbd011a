import { lowerBoundMs, SCALE_LENGTH, stepOf } from './latency-scale.ts'

/** Room for one doubling of the scale. */
const BLOCK: readonly number[] = Array.from({ length: 8 }, () => 0)

/** How many durations fell on each step of the scale. It has room for the doublings from the least to the longest. */
export class Histogram {
  sumMs = 0
  /** The step of the first count. */
  #first = 0
  #counts: number[] = []

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  record(durationMs: number): void {
    this.#count(stepOf(durationMs), 1)
    this.sumMs += durationMs
  }

  at(step: number): number {
    return this.#counts[step - this.#first] ?? 0
  }

  /** Adds what is in another one, or with -1 takes it off. */
  add(other: Histogram, times: 1 | -1 = 1): this {
    for (const [index, count] of other.#counts.entries()) {
      if (count !== 0) this.#count(other.#first + index, times * count)
    }
    this.sumMs += times * other.sumMs
    return this
  }

  /** The duration at that rank, interpolated within its step; 0 if there are none. */
  quantile(rank: number): number {
    let below = 0
    for (const [index, count] of this.#counts.entries()) {
      if (count > 0 && below + count >= rank) {
        const step = this.#first + index
        const low = lowerBoundMs(step)
        const high = step + 1 < SCALE_LENGTH ? lowerBoundMs(step + 1) : low
        return low + (high - low) * ((rank - below) / count)
      }
      below += count
    }
    return 0
  }

  #count(step: number, more: number): void {
    let index = step - this.#first
    if (index < 0 || index >= this.#counts.length) index = this.#reach(step)
    this.#counts[index]! += more
  }

  /** Makes room for a step, and returns its place. */
  #reach(step: number): number {
    if (this.#counts.length === 0) this.#first = step - (step % BLOCK.length)
    for (; step < this.#first; this.#first -= BLOCK.length) this.#counts = BLOCK.concat(this.#counts)
    while (step >= this.#first + this.#counts.length) this.#counts = this.#counts.concat(BLOCK)
    return step - this.#first
  }
}
