import type { FleetStatus } from './fleet-status.ts'
import type { Outcome } from '../outcome.ts'
import type { BreakerState, TransitionRecord } from '../circuit/state.ts'

/**
 * The seam through which a breaker takes part in a fleet. Local decisions never wait for it: all calls are
 * synchronous and must neither throw nor block. A breaker without a coordinator is simply on its own.
 *
 * The breaker tells (`suspect`, `transition`, `probeSettled`), asks one thing (`admitProbe`), and is told by
 * `breaker.applyShared(verdict)`.
 */
export interface BreakerCoordinator {
  /**
   * A failure raised the suspicion (CUSUM level, see `Cusum`) to the level at which a breaker would vote to open.
   * Called for each such failure while closed or recovering; the coordinator thins them out.
   */
  suspect(breaker: string, level: number, generation: number): void
  /** Every transition, also those that it made itself by `applyShared` (then `scope` is `fleet`). */
  transition(breaker: string, transition: TransitionRecord): void
  /**
   * Asked when a breaker that the fleet opened is half-open: whether this instance holds a lease for a probe.
   * True takes the lease; false rejects the call; undefined: out of touch, decide alone.
   */
  admitProbe(breaker: string): boolean | undefined
  /** A leased probe ended, or was lost (`ignored`). The verdict comes back by `applyShared`. */
  probeSettled(breaker: string, outcome: Outcome, durationMs: number): void
  /** For the snapshot. */
  status(breaker: string): FleetStatus
}

/** What the fleet has decided. Times are remaining or elapsed ms, so that no clock is shared. */
export interface SharedVerdict {
  /** Fencing: a verdict that is not newer than the last is dropped. */
  readonly epoch: number
  readonly state: BreakerState
  readonly reason: string
  /** `open`, `forced-open`, `disabled`: how long from now; left out for forced states: until further notice. */
  readonly forMs?: number
  /** `recovering`: how long ago the ramp began. Default 0. */
  readonly elapsedMs?: number
  /** `open`: opens in a row. */
  readonly openCount?: number
  readonly actor?: string
  /** Default `fleet`; a group speaks for this instance alone. */
  readonly scope?: 'local' | 'fleet'
}
