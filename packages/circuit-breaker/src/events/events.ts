import type { FailureCause } from '../outcome.ts'
import type { FleetEvent } from '../fleet/fleet-status.ts'
import type { RejectReason } from '../rejection.ts'
import type { BreakerState, TransitionRecord } from '../circuit/state.ts'

interface BreakerEvent {
  readonly breaker: string
}

export interface TransitionEvent extends BreakerEvent, TransitionRecord {}

export interface RejectEvent extends BreakerEvent {
  readonly state: BreakerState
  readonly reason: RejectReason
  readonly retryAfterMs: number
  /** False in `observe` mode: the call went ahead. */
  readonly enforced: boolean
}

export interface SettledEvent extends BreakerEvent {
  readonly durationMs: number
  readonly generation: number
  readonly probe: boolean
}

export interface FailureEvent extends SettledEvent {
  readonly cause: FailureCause | undefined
}

export interface FallbackEvent extends BreakerEvent {
  /** What the fallback stood in for. */
  readonly error: unknown
  /** What the fallback threw, if it failed. */
  readonly fallbackError?: unknown
}

export interface ProbeEvent extends BreakerEvent {
  readonly generation: number
  /** `lost`: never settled in its time, its place was given back. */
  readonly result: 'started' | 'success' | 'failure' | 'ignored' | 'lost'
}

/** A breaker is no longer in its registry: removed, or given up for another key. */
export type RemovedEvent = BreakerEvent

/** Events and what they carry. On diagnostics_channel they are called `sluice:circuit-breaker:<event>`. */
export interface BreakerEvents {
  transition: TransitionEvent
  reject: RejectEvent
  success: SettledEvent
  failure: FailureEvent
  ignored: SettledEvent
  /** Comes besides `failure`. */
  timeout: FailureEvent
  fallback: FallbackEvent
  probe: ProbeEvent
  /** Of registries alone. */
  removed: RemovedEvent
  /** Of registries alone. */
  fleet: FleetEvent
}

export type BreakerEventName = keyof BreakerEvents
