import type { CallWindow, WindowCounts } from './window.ts'

const NOTHING: WindowCounts = { successes: 0, failures: 0, slow: 0, ignored: 0 }

/** A bucket that is over. */
interface Bucket extends WindowCounts {
  readonly number: number
  next: Bucket | undefined
}

/**
 * The calls of the last buckets. A bucket is known by its number since the clock's origin, so any idle gap is seen for
 * what it is. What is in the bucket in use is the difference to what the window held before it, so that a call has but
 * one place to be counted in; those that are over and not empty wait in a queue.
 */
export class TimeWindow implements CallWindow {
  successes = 0
  failures = 0
  slow = 0
  ignored = 0
  readonly #bucketMs: number
  readonly #buckets: number
  /** The bucket in use: its number, when it ends, and what the window held when it began. */
  #current = 0
  #end = -Infinity
  #before = NOTHING
  #first: Bucket | undefined
  #last: Bucket | undefined

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
    this.#first = this.#last = undefined
  }

  seed(counts: WindowCounts): void {
    this.successes += counts.successes
    this.failures += counts.failures
    this.slow += counts.slow
    this.ignored += counts.ignored
  }

  #turn(now: number): void {
    const next = Math.floor(now / this.#bucketMs)
    if (this.successes + this.failures + this.ignored > 0) this.#close(next)
    this.#current = next
    this.#end = (next + 1) * this.#bucketMs
  }

  /** The bucket in use is over, those that are too old for `next` go. */
  #close(next: number): void {
    this.#append(this.#current)
    for (let first = this.#first; first !== undefined; first = first.next) {
      if (next - first.number < this.#buckets) break
      this.#drop(first)
    }
    const { successes, failures, slow, ignored } = this
    this.#before = { successes, failures, slow, ignored }
  }

  #append(number: number): void {
    const before = this.#before
    const bucket: Bucket = {
      number,
      successes: this.successes - before.successes,
      failures: this.failures - before.failures,
      slow: this.slow - before.slow,
      ignored: this.ignored - before.ignored,
      next: undefined,
    }
    if (bucket.successes + bucket.failures + bucket.ignored === 0) return
    if (this.#last === undefined) this.#first = bucket
    else this.#last.next = bucket
    this.#last = bucket
  }

  /** Takes the first bucket off. */
  #drop({ successes, failures, slow, ignored, next }: Bucket): void {
    this.successes -= successes
    this.failures -= failures
    this.slow -= slow
    this.ignored -= ignored
    this.#first = next
    if (next === undefined) this.#last = undefined
  }
}
