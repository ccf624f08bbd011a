/** How a breaker stands with its fleet. */
export interface FleetStatus {
  /** `stale`: the store is out of reach, its last verdicts are honoured; `local`: on its own. */
  readonly mode: 'shared' | 'stale' | 'local'
  /** Instances that vote to open. */
  readonly votes: number
  readonly instances: number
  readonly epoch: number
}
