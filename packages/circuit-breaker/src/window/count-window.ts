import type { CallWindow, WindowCounts } from './window.ts'

const FAILED = 1
const SLOW = 2

/** The last `size` successes and failures, whenever they were. */
export class CountWindow implements CallWindow {
  successes = 0
  failures = 0
  slow = 0
  readonly ignored = 0
  readonly #size: number
  /** Made with the first call: an idle breaker has none. */
  #ring: Uint8Array | undefined
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  advance(): number {
    return Infinity
  }

  record(failed: boolean, slow: boolean): void {
    const ring = (this.#ring ??= new Uint8Array(this.#size))
    if (this.successes + this.failures === this.#size) this.#forget(ring[this.#next]!)
    ring[this.#next] = (failed ? FAILED : 0) | (slow ? SLOW : 0)
    this.#next = this.#next + 1 === this.#size ? 0 : this.#next + 1
    if (failed) this.failures += 1
    else this.successes += 1
    if (slow) this.slow += 1
  }

  ignore(): void {}

  clear(): void {
    this.#next = 0
    this.successes = this.failures = this.slow = 0
  }

  /** The newest calls are taken to be the failed ones, and the slow ones among them: nobody knows their order. */
  seed(counts: WindowCounts): void {
    const calls = counts.successes + counts.failures
    for (let call = Math.max(0, calls - this.#size); call < calls; call += 1) {
      this.record(call >= counts.successes, call >= calls - counts.slow)
    }
  }

  #forget(call: number): void {
    if ((call & FAILED) === 0) this.successes -= 1
    else this.failures -= 1
    if ((call & SLOW) !== 0) this.slow -= 1
  }
}
