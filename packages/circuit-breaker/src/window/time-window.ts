import type { CallWindow, WindowCounts } from './window.ts'

const FIELDS = 4
const SUCCESSES = 0
const FAILURES = 1
const SLOW = 2
const IGNORED = 3

/** A ring of buckets. A bucket is known by its number since the clock's origin, so any idle gap is seen for what it is. */
export class TimeWindow implements CallWindow {
  successes = 0
  failures = 0
  slow = 0
  ignored = 0
  readonly #bucketMs: number
  readonly #buckets: number
  /** Made with the first call: an idle breaker has none. */
  #ring: Uint32Array | undefined
  /** The bucket in use: its number, when it ends, and where it is in the ring. */
  #current = -Infinity
  #end = -Infinity
  #offset = 0

  constructor(durationMs: number, buckets: number) {
    this.#bucketMs = durationMs / buckets
    this.#buckets = buckets
  }

  advance(now: number): void {
    if (now >= this.#end) this.#turn(now)
  }

  #turn(now: number): void {
    const next = Math.floor(now / this.#bucketMs)
    if (next - this.#current >= this.#buckets) {
      this.clear()
    } else {
      for (let bucket = this.#current + 1; bucket <= next; bucket += 1) this.#drop(bucket)
    }
    this.#current = next
    this.#end = (next + 1) * this.#bucketMs
    this.#offset = this.#offsetOf(next)
  }

  record(failed: boolean, slow: boolean, now: number): void {
    const ring = this.#at(now)
    const at = this.#offset
    if (failed) {
      this.failures += 1
      ring[at + FAILURES]! += 1
    } else {
      this.successes += 1
      ring[at + SUCCESSES]! += 1
    }
    if (slow) {
      this.slow += 1
      ring[at + SLOW]! += 1
    }
  }

  ignore(now: number): void {
    this.#at(now)[this.#offset + IGNORED]! += 1
    this.ignored += 1
  }

  clear(): void {
    this.#ring?.fill(0)
    this.successes = this.failures = this.slow = this.ignored = 0
  }

  seed(counts: WindowCounts, now: number): void {
    const ring = this.#at(now)
    const at = this.#offset
    ring[at + SUCCESSES]! += counts.successes
    ring[at + FAILURES]! += counts.failures
    ring[at + SLOW]! += counts.slow
    ring[at + IGNORED]! += counts.ignored
    this.successes += counts.successes
    this.failures += counts.failures
    this.slow += counts.slow
    this.ignored += counts.ignored
  }

  /** The ring, with the bucket of `now` in use. */
  #at(now: number): Uint32Array {
    this.advance(now)
    return (this.#ring ??= new Uint32Array(this.#buckets * FIELDS))
  }

  #offsetOf(bucket: number): number {
    const slot = bucket % this.#buckets
    return (slot < 0 ? slot + this.#buckets : slot) * FIELDS
  }

  #drop(bucket: number): void {
    const ring = this.#ring
    if (ring === undefined) return
    const at = this.#offsetOf(bucket)
    this.successes -= ring[at + SUCCESSES]!
    this.failures -= ring[at + FAILURES]!
    this.slow -= ring[at + SLOW]!
    this.ignored -= ring[at + IGNORED]!
    ring.fill(0, at, at + FIELDS)
  }
}
