/** The parts by which a deadline is counted. */
const TICKS = 5

interface Wait {
  left: number
  expire(): void
}

/**
 * Deadlines for answers from elsewhere. Time is counted in ticks, of which no two come without the event loop having
 * looked for answers between them: what this process itself was too busy for is not held against the other side, where
 * a timer of its own would find itself overdue before the answers that lie in the socket are read. One timer serves all.
 */
export class Deadlines {
  readonly #tickMs: number
  readonly #waits = new Set<Wait>()
  #ticking = false

  constructor(deadlineMs: number) {
    this.#tickMs = deadlineMs / TICKS
  }

  /** The promise, or its rejection after so many deadlines. */
  within<T>(promise: Promise<T>, deadlines: number): Promise<T> {
    return new Promise((resolve, reject) => {
      // One more, for the first may come at once.
      const wait = { left: TICKS * deadlines + 1, expire: () => reject(new Error('no answer in time')) }
      this.#waits.add(wait)
      this.#tick()
      promise.then(
        (value) => {
          this.#waits.delete(wait)
          resolve(value)
        },
        (error: Error) => {
          this.#waits.delete(wait)
          reject(error)
        },
      )
    })
  }

  #tick(): void {
    if (this.#ticking || this.#waits.size === 0) return
    this.#ticking = true
    setTimeout(() => {
      this.#ticking = false
      for (const wait of this.#waits) {
        wait.left -= 1
        if (wait.left > 0) continue
        this.#waits.delete(wait)
        wait.expire()
      }
      this.#tick()
    }, this.#tickMs).unref()
  }
}
