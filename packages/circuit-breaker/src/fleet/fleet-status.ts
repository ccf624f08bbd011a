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
