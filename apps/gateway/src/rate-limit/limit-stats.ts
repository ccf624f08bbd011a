import type { Outcome } from './request-limits.ts'
import { ResilientCounter } from './resilient-counter.ts'
import type { WindowCounter } from './window-counter.ts'

export interface RateLimitStats {
  /** Requests that no limit stopped. */
  readonly allowed: number
  /** Requests that were answered with 429. */
  readonly limited: number
  /** Times that each limit was exceeded, limits in shadow mode included. */
  readonly exceeded: Readonly<Record<string, number>>
  /** Whether each instance counts for itself at present, since Redis does not answer. */
  readonly degraded: boolean
  /** Questions that Redis did not answer in time. */
  readonly storeErrors: number
}

/** Counts what limits say. */
export class LimitStats {
  private allowed = 0
  private limited = 0
  private readonly exceeded = new Map<string, number>()
  private readonly counter: WindowCounter

  constructor(counter: WindowCounter) {
    this.counter = counter
  }

  count(outcomes: readonly Outcome[]): void {
    let stopped = false
    for (const { limit, exceeded } of outcomes) {
      if (!exceeded) continue
      this.exceeded.set(limit.name, (this.exceeded.get(limit.name) ?? 0) + 1)
      stopped ||= !limit.shadow
    }
    if (stopped) this.limited++
    else this.allowed++
  }

  read(): RateLimitStats {
    const remote = this.counter instanceof ResilientCounter ? this.counter : undefined
    return {
      allowed: this.allowed,
      limited: this.limited,
      exceeded: Object.fromEntries(this.exceeded),
      degraded: remote?.degraded ?? false,
      storeErrors: remote?.errors ?? 0,
    }
  }
}
