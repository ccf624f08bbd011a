import type { Cluster, Redis } from 'ioredis'
import { Deadlines } from './deadlines.ts'

/** There was no answer: Redis is down, slow, or said no. */
export const unavailable: unique symbol = Symbol('sluice.response-cache.unavailable')

/** So many failures in a row, and Redis is left alone for a while. */
const TRIP_AFTER = 3
const REST_MS = 1000

/**
 * Stands between the cache and Redis: every command has a deadline, and after some failures in a row none is sent for a
 * while, then one to see. So a Redis that hangs costs a request one deadline, a few requests at most, and the rest nothing.
 */
export class RedisGuard {
  readonly #redis: Redis | Cluster
  readonly #deadlines: Deadlines
  #failures = 0
  #restUntil = 0
  #probing = false
  #errors = 0

  constructor(redis: Redis | Cluster, deadlineMs: number) {
    this.#redis = redis
    this.#deadlines = new Deadlines(deadlineMs)
  }

  /** Whether the next command would be sent. */
  get ready(): boolean {
    if (this.#redis.status !== 'ready') return false
    return this.#failures < TRIP_AFTER || (!this.#probing && performance.now() >= this.#restUntil)
  }

  /** Commands that failed or came too late. */
  get errors(): number {
    return this.#errors
  }

  /** Sends a command, and answers within the deadline, or several, whatever Redis does. */
  async run<T>(command: () => Promise<T>, deadlines = 1): Promise<T | typeof unavailable> {
    if (!this.ready) return unavailable
    const before = this.#failures
    const probe = before >= TRIP_AFTER
    this.#probing ||= probe
    try {
      const answer = await this.#deadlines.within(command(), deadlines)
      this.#failures = 0
      return answer
    } catch {
      this.#errors += 1
      // Those that were under way together fail together: a short stall is one failure, not one for each of them.
      if (this.#failures === before) this.#failures += 1
      this.#restUntil = performance.now() + REST_MS
      return unavailable
    } finally {
      if (probe) this.#probing = false
    }
  }
}
