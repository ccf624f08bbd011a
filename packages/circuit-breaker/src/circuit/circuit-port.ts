import type { FailureCause, Outcome } from '../outcome.ts'
import type { Probe } from './probes.ts'
import type { RejectReason } from '../rejection.ts'
import type { CircuitState } from './state.ts'

/** What the machine says about a call: null, go ahead; a probe, go ahead, it decides; a reason, refused. */
export type Admission = Probe | null | RejectReason

/** How a call was admitted: its result must find the same generation, and a probe its place. */
export interface Ticket {
  readonly generation: number
  /** Its place, if it is a probe. */
  readonly place: Probe | null
}

/** How a call ended. */
export interface Ending {
  readonly outcome: Outcome
  readonly durationMs: number
  /** Whether it took as long as `slowCall` says. */
  readonly slow: boolean
  /** What the failure was, for the record of a transition. */
  readonly cause: FailureCause | undefined
}

export interface Change {
  readonly from: CircuitState
  readonly to: CircuitState
  readonly generation: number
  readonly cause: FailureCause | undefined
}

/** Whom the machine tells, and the one thing that it asks. */
export interface CircuitObserver {
  changed(change: Change, now: number): void
  probeLost(probe: Probe, generation: number): void
  /** The last failure raised the suspicion to the level of an alarm; see `BreakerCoordinator`. */
  suspected(level: number, generation: number): void
  leaseSettled(outcome: Outcome, durationMs: number): void
  /** Whether the fleet grants a probe; undefined: there is none, or it is out of touch. */
  askLease(): boolean | undefined
}
