import type { BreakerState, Scope } from '../circuit/state.ts'
import type { PastVerdict } from './fleet-store.ts'

/** `stale`: the store is out of reach, its last verdicts are honoured; `local`: on its own. */
export type FleetMode = 'shared' | 'stale' | 'local'

/** How a breaker stands with its fleet. */
export interface FleetStatus {
  readonly mode: FleetMode
  /** Instances that vote to open. */
  readonly votes: number
  readonly instances: number
  readonly epoch: number
}

/** This instance lost its fleet, or found it again. */
export interface FleetEvent {
  readonly from: FleetMode
  readonly mode: FleetMode
  readonly reason: string
  readonly instances: number
  /** Epoch ms. */
  readonly at: number
}

/** A breaker as one instance has it. */
export interface InstanceVerdict {
  readonly instance: string
  /** Empty: it is in none. */
  readonly zone: string
  readonly state: BreakerState
  /** `fleet`: as all decided. */
  readonly scope: Scope
  /** What the instance said of itself. One that is out of touch cannot say so: see `heardMs`. */
  readonly mode: FleetMode
  /** How long ago it was heard of, in ms. */
  readonly heardMs: number
  /** Whether it is the one that is asked. */
  readonly self: boolean
}

/** Since start. */
export interface FleetCounters {
  /** Commands sent to the store. */
  readonly sent: number
  readonly failed: number
  /** Commands given up because too many waited. */
  readonly dropped: number
  /** How often each mode began. */
  readonly modes: Readonly<Record<FleetMode, number>>
  /** How long the last verdict that was pushed was under way, in ms; undefined before the first. */
  readonly lagMs: number | undefined
}

/** What operators may ask of a fleet. */
export interface FleetFacts {
  readonly mode: FleetMode
  readonly counters: FleetCounters
  /** How each instance has the breaker, in the order of their names. Rejects if the store does not answer. */
  instances(breaker: string): Promise<readonly InstanceVerdict[]>
  /** The last verdicts about a breaker, or about all, newest first. Rejects if the store does not answer. */
  history(breaker?: string, count?: number): Promise<readonly PastVerdict[]>
}
