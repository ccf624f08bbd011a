import { LRUCache } from 'lru-cache'
import { clientNetwork } from '../keys/address.ts'

export interface ThrottleOptions {
  /** Bad keys that an address may present in one window, 1 or more. Default 20. */
  readonly max: number
  /** Length of the window in milliseconds. Default 60000. */
  readonly windowMs: number
  /** Addresses kept in mind. Default 10000. */
  readonly addresses: number
}

export const defaultThrottle: ThrottleOptions = Object.freeze({
  max: 20,
  windowMs: 60_000,
  addresses: 10_000,
})

interface Failures {
  count: number
  readonly since: number
}

/**
 * Counts bad keys by address (by /64 for IPv6). It guards the store and the logs against floods, not the keys: these are
 * too long to be guessed. So it never stands in the way of a key that is known to be good.
 */
export class BadKeyThrottle {
  private readonly options: ThrottleOptions
  private readonly failures: LRUCache<string, Failures>

  constructor(options: ThrottleOptions) {
    this.options = options
    this.failures = new LRUCache({ max: options.addresses })
  }

  /** Whether no address has to wait. */
  get isIdle(): boolean {
    return this.failures.size === 0
  }

  /** Milliseconds until the address may present doubtful keys again; 0 if it may now. */
  waitMs(address: string, now: number): number {
    const failures = this.failures.get(clientNetwork(address))
    if (failures === undefined || failures.count < this.options.max) return 0
    return Math.max(0, failures.since + this.options.windowMs - now)
  }

  count(address: string, now: number): void {
    const network = clientNetwork(address)
    const failures = this.failures.get(network)
    if (failures === undefined || failures.since + this.options.windowMs <= now) {
      this.failures.set(network, { count: 1, since: now })
    } else {
      failures.count++
    }
  }
}
