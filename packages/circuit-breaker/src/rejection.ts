import { BreakerOpenError } from './errors.ts'
import type { BreakerState } from './circuit/state.ts'

export type RejectReason = 'open' | 'half-open' | 'recovering' | 'forced' | 'group' | 'bulkhead' | 'pause'

/** How many calls were refused for each reason. */
export type Rejections = Record<RejectReason, number>

export const NO_REJECTIONS: Readonly<Rejections> = {
  open: 0,
  'half-open': 0,
  recovering: 0,
  forced: 0,
  group: 0,
  bulkhead: 0,
  pause: 0,
}

/** A refused call. */
export class Rejection {
  readonly admitted = false
  readonly breaker: string
  readonly state: BreakerState
  readonly reason: RejectReason
  /** When it may make sense to come back, in ms; at least 0, always finite. */
  readonly retryAfterMs: number

  constructor(breaker: string, state: BreakerState, reason: RejectReason, retryAfterMs: number) {
    this.breaker = breaker
    this.state = state
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }

  toError(): BreakerOpenError {
    return new BreakerOpenError(this)
  }
}
