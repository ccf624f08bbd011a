import type { VerdictCause } from '../fleet/coordinator.ts'
import type { FleetVerdict } from '../fleet/fleet-store.ts'

interface Lease {
  readonly id: number
  readonly ends: number
}

/** What a store keeps of a verdict; times are its own, epoch ms. */
export interface VerdictRecord {
  readonly breaker: string
  readonly state: FleetVerdict['state']
  readonly epoch: number
  readonly since: number
  readonly ends?: number | undefined
  readonly reason: string
  readonly actor?: string | undefined
  readonly cause?: VerdictCause | undefined
  readonly openCount: number
  readonly votes?: number | undefined
  deadline?: number | undefined
  leases: Lease[]
  granted: number
  successes: number
  failures: number
}

/** What changes a state; what is left out stays or begins anew. */
export type Transition = Pick<VerdictRecord, 'state' | 'reason'> & Partial<VerdictRecord>
export function noProbes(): Pick<VerdictRecord, 'leases' | 'granted' | 'successes' | 'failures'> {
  return { leases: [], granted: 0, successes: 0, failures: 0 }
}
