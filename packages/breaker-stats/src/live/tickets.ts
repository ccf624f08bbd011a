import { randomBytes } from 'node:crypto'

const lifeMs = 30_000
const most = 1_000

/**
 * Tickets for the WebSocket: a page cannot send its key in a header there, and a key has no place in an address that
 * ends up in logs. Each is good once, for thirty seconds, and in this process.
 */
export class Tickets {
  readonly #expiries = new Map<string, number>()
  readonly #now: () => number

  /** @param now monotonic clock in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  issue(): { ticket: string; expiresInMs: number } {
    this.#forgetExpired()
    const ticket = randomBytes(32).toString('base64url')
    this.#expiries.set(ticket, this.#now() + lifeMs)
    return { ticket, expiresInMs: lifeMs }
  }

  /** True once for each ticket issued. */
  redeem(ticket: string): boolean {
    const expiry = this.#expiries.get(ticket)
    return this.#expiries.delete(ticket) && expiry !== undefined && expiry > this.#now()
  }

  /** Insertion order is expiry order. */
  #forgetExpired(): void {
    for (const [ticket, expiry] of this.#expiries) {
      if (expiry > this.#now() && this.#expiries.size < most) return
      this.#expiries.delete(ticket)
    }
  }
}
