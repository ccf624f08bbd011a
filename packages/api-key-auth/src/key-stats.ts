import type { KeyRefusal } from './audit-trail.ts'

export type RefusalCount = KeyRefusal['reason']

/** Counters since the start of the process. */
export interface ApiKeyStats {
  readonly accepted: number
  readonly refused: Readonly<Record<RefusalCount, number>>
  /** Look-ups that the store failed to answer in time. */
  readonly storeErrors: number
}

/** Counts verdicts. */
export class KeyCounters {
  accepted = 0
  readonly refused: Record<RefusalCount, number> = {
    missing: 0,
    malformed: 0,
    unknown: 0,
    revoked: 0,
    expired: 0,
    address: 0,
    scope: 0,
    throttled: 0,
    unavailable: 0,
  }
}
