import type { OpenOptions } from '../options/options.ts'

/** How long to stay open: longer each time in a row, spread at random so that a fleet does not come back as one. */
export class Backoff {
  /** Opens in a row. */
  count = 0

  /** One open is forgotten for each `open.durationMs` spent closed. */
  forget(options: Readonly<Required<OpenOptions>>, closedMs: number): void {
    this.count = Math.max(0, this.count - Math.floor(closedMs / options.durationMs))
  }

  /** Counts one more and returns its length in ms. `random` is from 0 to below 1. */
  next(options: Readonly<Required<OpenOptions>>, random: number): number {
    this.count += 1
    const grown = Math.min(options.maxMs, options.durationMs * options.factor ** (this.count - 1))
    return grown * (1 + options.jitter * (2 * random - 1))
  }
}
