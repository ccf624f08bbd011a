import type { CallWindow, WindowCounts } from './window.ts'

/** What the ring keeps of a bucket, one after the other. */
const FIELDS = ['successes', 'failures', 'slow', 'ignored'] as const
const NOTHING: WindowCounts = { successes: 0, failures: 0, slow: 0, ignored: 0 }

/**
 * A ring of buckets. A bucket is known by its number since the clock's origin, so any idle gap is seen for what it is.
 * What is in the bucket in use is the difference to what the window held before it, so that a call has but one place
 * to be counted in.
 */
export class TimeWindow implements CallWindow {
  successes = 0
  failures = 0
  slow = 0
  ignored = 0
  readonly #bucketMs: number
  readonly #buckets: number
  /** The bucket in use: its number, when it ends, and what the window held when it began. */
  #current = -Infinity
  #end = -Infinity
  #before = NOTHING
  /** The buckets before it; made when there is something in them. */
  #ring: number[] | undefined

  constructor(durationMs: number, buckets: number) {
    this.#bucketMs = durationMs / buckets
    this.#buckets = buckets
  }

  advance(now: number): number {
    if (now >= this.#end) this.#turn(now)
    return this.#end
  }

  record(failed: boolean, slow: boolean): void {
    if (failed) this.failures += 1
    else this.successes += 1
    if (slow) this.slow += 1
  }

  ignore(): void {
    this.ignored += 1
  }

  clear(): void {
    this.successes = this.failures = this.slow = this.ignored = 0
    this.#before = NOTHING
    this.#ring = undefined
  }

  seed(counts: WindowCounts): void {
    this.successes += counts.successes
    this.failures += counts.failures
    this.slow += counts.slow
    this.ignored += counts.ignored
  }

  #turn(now: number): void {
    const next = Math.max(this.#current + 1, Math.floor(now / this.#bucketMs))
    if (next - this.#current >= this.#buckets || this.successes + this.failures + this.ignored === 0) {
      this.clear()
    } else {
      this.#store()
      for (let bucket = this.#current + 1; bucket <= next; bucket += 1) this.#drop(bucket)
      const { successes, failures, slow, ignored } = this
      this.#before = { successes, failures, slow, ignored }
    }
    this.#current = next
    this.#end = (next + 1) * this.#bucketMs
  }

  /** Puts what the bucket in use holds into its place, which is empty. */
  #store(): void {
    const ring = (this.#ring ??= Array.from({ length: this.#buckets * FIELDS.length }, () => 0))
    const at = this.#placeOf(this.#current)
    for (const [index, field] of FIELDS.entries()) ring[at + index] = this[field] - this.#before[field]
  }

  /** Empties the place of a bucket, and takes what was there off the sums. */
  #drop(bucket: number): void {
    const ring = this.#ring!
    const at = this.#placeOf(bucket)
    for (const [index, field] of FIELDS.entries()) {
      this[field] -= ring[at + index]!
      ring[at + index] = 0
    }
  }

  #placeOf(bucket: number): number {
    const slot = bucket % this.#buckets
    return (slot < 0 ? slot + this.#buckets : slot) * FIELDS.length
  }
}
