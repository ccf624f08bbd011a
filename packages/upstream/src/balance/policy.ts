import type { Origin } from '../origin/origin.ts'

/** Picks one of several origins that may all be used. */
export interface Policy {
  /** `origins` is never empty; `hash` is the request's, of 32 bits. */
  pick(origins: readonly Origin[], now: number, hash: number): Origin
}
