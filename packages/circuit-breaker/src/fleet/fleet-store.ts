import type { Outcome } from '../outcome.ts'
import type { BreakerState, Scope } from '../circuit/state.ts'
import type { SharedVerdict, VerdictCause } from './coordinator.ts'
import type { FleetMode } from './fleet-status.ts'

/** Where a fleet keeps what it has decided: the port. Each command is atomic, and done in a time of the store's own. */
export interface FleetStore {
  /** Into how many parts breakers are divided, 1 or more; a command and its breaker belong to one of them. */
  readonly shards: number
  /**
   * Rejects if there was no answer. The caller does not wait for ever: a command may be carried out though it was
   * given up.
   */
  run(shard: number, command: FleetCommand): Promise<FleetReply>
  /** Tells all verdicts as they are made, by anybody. */
  subscribe(listener: FleetListener): FleetSubscription
  /** The latest verdicts of a shard, newest first. */
  history(shard: number, count: number): Promise<readonly PastVerdict[]>
  /** What each instance said of itself with its last beat. */
  standings(shard: number): Promise<readonly Standing[]>
}

export interface FleetListener {
  verdict(shard: number, verdict: FleetVerdict): void
  /** The connection is there, for the first time or again: verdicts may have been missed until now. */
  found(): void
  lost(reason: string): void
}

export interface FleetSubscription {
  close(): void
}

/** A verdict as it is told; times are from the moment of telling. */
export interface FleetVerdict extends SharedVerdict {
  readonly breaker: string
  /** Votes that opened it. */
  readonly votes?: number
  /** When it was made, epoch ms by the store's clock; left out in replies. */
  readonly at?: number
}

export interface PastVerdict extends FleetVerdict {
  readonly at: number
}

/** A breaker that an instance has in another state than the fleet decided. */
export interface Dissent {
  readonly breaker: string
  readonly state: BreakerState
  readonly scope: Scope
}

export interface Standing {
  readonly instance: string
  readonly zone: string
  readonly mode: FleetMode
  /** How long ago it said so, in ms. */
  readonly heardMs: number
  readonly dissent: readonly Dissent[]
}

export interface FleetReply {
  /** Epoch ms by the store's clock. */
  readonly now: number
  readonly instances: number
  /** The verdicts asked about, or all of them for a beat; left out if there is none. */
  readonly verdicts?: readonly FleetVerdict[]
  /** `vote`: those that count now. */
  readonly votes?: number
  /** `lease`: its number, if it was granted. */
  readonly lease?: number
}

interface Command {
  /** An instance that was not heard of for so long counts no more. */
  readonly aliveMs: number
}

interface BreakerCommand extends Command {
  readonly breaker: string
  /** The newest that the sender knows. */
  readonly epoch: number
}

/** How long to open, if the command ends in that. */
interface MayOpen {
  readonly open: { readonly durationMs: number; readonly maxMs: number; readonly factor: number }
  /** What the duration is multiplied by, for jitter. */
  readonly spread: number
}

interface AboutProbes extends MayOpen {
  readonly probe: {
    readonly max: number
    readonly concurrency: number
    readonly successRatio: number
    readonly maxWaitMs: number
  }
}

/** See the head of each script in `lua/`. */
export interface BeatCommand extends Command {
  readonly type: 'beat'
  readonly instance: string
  readonly zone: string
  readonly leaving: boolean
  readonly version: string
  readonly mode: FleetMode
  readonly dissent: readonly Dissent[]
}

export interface VoteCommand extends BreakerCommand, MayOpen {
  readonly type: 'vote'
  readonly instance: string
  readonly zone: string
  readonly reason: string
  readonly ttlMs: number
  readonly quorum: number
  readonly minVotes: number
}

export interface LeaseCommand extends BreakerCommand, AboutProbes {
  readonly type: 'lease'
  readonly openCount: number
  readonly ttlMs: number
}

export interface SettleCommand extends BreakerCommand, AboutProbes {
  readonly type: 'settle'
  readonly lease: number
  readonly outcome: Outcome
}

export interface ControlCommand extends BreakerCommand {
  readonly type: 'control'
  readonly state: 'forced-open' | 'disabled' | 'closed'
  readonly cause?: 'close' | 'reset'
  readonly reason: string
  readonly actor?: string
  readonly forMs?: number
}

export interface PauseCommand extends BreakerCommand {
  readonly type: 'pause'
  readonly forMs: number
  readonly reason: string
}

export interface AssertCommand extends BreakerCommand {
  readonly type: 'assert'
  readonly state: SharedVerdict['state']
  readonly reason: string
  readonly actor?: string
  readonly cause?: VerdictCause
  readonly openCount: number
  readonly forMs?: number
  readonly elapsedMs: number
}

export type FleetCommand =
  | BeatCommand
  | VoteCommand
  | LeaseCommand
  | SettleCommand
  | ControlCommand
  | PauseCommand
  | AssertCommand
