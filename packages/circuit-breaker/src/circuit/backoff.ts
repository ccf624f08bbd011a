import type { OpenOptions } from '../options/options.ts'

/** How long to stay open: longer each time in a row, spread at random so that a fleet does not come back as one. */
export class Backoff {
  /** Opens in a row. */
  count = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** One open is forgotten for each `open.durationMs` spent closed. */
  forget(options: Readonly<Required<OpenOptions>>, closedMs: number): void {
    this.count = Math.max(0, this.count - Math.floor(closedMs / options.durationMs))
  }

  /** Counts one more and returns its length in ms. */
  next(options: Readonly<Required<OpenOptions>>): number {
    this.count += 1
    const grown = Math.min(options.maxMs, options.durationMs * options.factor ** (this.count - 1))
    return grown * (1 + options.jitter * (2 * this.#random() - 1))
  }
}
