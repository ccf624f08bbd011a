import type { FleetEvent, FleetFacts, FleetStatus } from './fleet-status.ts'
import type { Outcome } from '../outcome.ts'
import type { BreakerState, Scope } from '../circuit/state.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'

/**
 * The seam through which a breaker takes part in a fleet. Local decisions never wait for it: all calls are
 * synchronous and must neither throw nor block. A breaker without a coordinator is simply on its own.
 *
 * The breaker tells (`suspect`, `tripped`, `decided`, `probeSettled`, `paused`, `control`), asks one thing (`admitProbe`), and is
 * told by `member.applyShared(verdict)`.
 */
export interface BreakerCoordinator {
  /** A breaker is there; what the fleet has decided about it is put into force before this returns. */
  join(member: FleetMember): void
  /** It is gone. */
  leave(breaker: string): void
  /**
   * A failure raised the suspicion (CUSUM level, see `Cusum`) to the level at which a breaker would vote to open.
   * Called for each such failure while closed or recovering; the coordinator thins them out.
   */
  suspect(breaker: string, level: number, generation: number): void
  /** This instance opened for itself, for `forMs`: for the fleet that is a vote. */
  tripped(breaker: string, reason: string, forMs: number): void
  /** It changed its state, and nobody else decided that. */
  decided(breaker: string): void
  /**
   * Asked when a breaker that the fleet opened is half-open: whether this instance holds a lease for a probe.
   * True takes the lease; false rejects the call; undefined: out of touch, decide alone.
   */
  admitProbe(breaker: string): boolean | undefined
  /** A leased probe ended, or was lost (`ignored`). The verdict comes back by `applyShared`. */
  probeSettled(breaker: string, outcome: Outcome, durationMs: number): void
  /** The upstream asked for a pause of `forMs`, of everybody. */
  paused(breaker: string, forMs: number, reason: string): void
  /** Somebody intervened by hand, on behalf of the whole fleet. */
  control(breaker: string, control: FleetControl): void
  /** Tells when the fleet is lost and when it is found again. */
  listen(listener: (event: FleetEvent) => void): void
  /** For the snapshot. */
  status(breaker: string): FleetStatus
  /** For operators, if there is anything to tell. */
  readonly facts?: FleetFacts
}

/** What a coordinator knows of a breaker. */
export interface FleetMember {
  readonly name: string
  readonly options: ResolvedBreakerOptions
  readonly state: BreakerState
  /** Who decided on its state. */
  readonly scope: Scope
  applyShared(verdict: SharedVerdict): boolean
}

/** An intervention by hand, for all instances. */
export interface FleetControl {
  readonly state: 'forced-open' | 'disabled' | 'closed'
  /** `closed`: whether what has been learnt goes as well. */
  readonly cause?: 'close' | 'reset'
  readonly reason: string
  /** Left out: until further notice. */
  readonly forMs?: number
  readonly actor?: string
}

export type VerdictCause = 'trip' | 'pause' | 'close' | 'reset'

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
  /** `open`: default `trip`. `closed`: by hand, which ends what instances opened alone before. */
  readonly cause?: VerdictCause
  readonly actor?: string
  /** Default `fleet`; a group speaks for this instance alone. */
  readonly scope?: 'local' | 'fleet'
}
