import type { Deadlines } from '../execute/deadlines.ts'
import { GradientLimit } from './gradient-limit.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import { type Answer, Waiter } from './waiter.ts'

type BulkheadLimits = Exclude<ResolvedBreakerOptions['bulkhead'], false>

/** A limit of calls at one time, and the callers that wait for a place, first come, first served. */
export class Bulkhead {
  readonly #options: BulkheadLimits
  readonly #deadlines: Deadlines
  readonly #gradient: GradientLimit | undefined
  readonly #queue = new Set<Waiter>()

  constructor(options: BulkheadLimits, deadlines: Deadlines) {
    this.#options = options
    this.#deadlines = deadlines
    if (options.max === 'auto') this.#gradient = new GradientLimit()
  }

  get limit(): number {
    return this.#gradient?.limit ?? (this.#options.max as number)
  }

  get queued(): number {
    return this.#queue.size
  }

  /** The one who has waited longest. */
  get first(): Waiter | undefined {
    if (this.#queue.size === 0) return undefined
    const [first] = this.#queue
    return first
  }

  /** Whether one more call may run; newcomers ask only after those who wait have been served. */
  hasPlace(inFlight: number): boolean {
    return inFlight < this.limit
  }

  observe(durationMs: number, inFlight: number): void {
    this.#gradient?.observe(durationMs, inFlight)
  }

  /** Undefined: the queue is full as well. `onTimeout` gives the answer for one who has waited too long. */
  wait(signal: AbortSignal | undefined, onTimeout: () => Answer): Promise<Answer> | undefined {
    if (this.#queue.size >= this.#options.queue) return undefined
    return new Promise((resolve, reject) => {
      const waiter = new Waiter({
        resolve,
        reject,
        signal,
        onTimeout,
        leave: () => {
          this.#queue.delete(waiter)
          this.#deadlines.stop(waiter)
        },
      })
      this.#queue.add(waiter)
      this.#deadlines.start(waiter, this.#options.queueTimeoutMs)
    })
  }
}
