import type { Ticket } from './circuit/circuit-port.ts'
import type { FailureCause, Outcome } from './outcome.ts'
import type { Permit } from './permit.ts'
import type { Probe } from './circuit/probes.ts'

/** Who gives permits, and hears of their end. */
export interface PermitIssuer {
  settle(permit: BreakerPermit, outcome: Outcome, cause: FailureCause | undefined): void
  timeoutMs(probe: boolean): number | undefined
}

/**
 * The permits of the engine: nothing is allocated for a call but one of these. Its fields are declared and no more:
 * initializers of their own would make it twice as dear.
 */
export class BreakerPermit implements Permit, Ticket {
  declare readonly admitted: true
  declare readonly generation: number
  declare readonly place: Probe | null
  declare readonly startedAt: number
  declare private readonly issuer: PermitIssuer
  declare private settled: boolean

  constructor(issuer: PermitIssuer, generation: number, place: Probe | null, startedAt: number) {
    this.admitted = true
    this.generation = generation
    this.place = place
    this.startedAt = startedAt
    this.issuer = issuer
    this.settled = false
  }

  get probe(): boolean {
    return this.place !== null
  }

  get timeoutMs(): number | undefined {
    return this.issuer.timeoutMs(this.probe)
  }

  success(): void {
    this.settle('success', undefined)
  }

  failure(cause?: FailureCause): void {
    this.settle('failure', cause)
  }

  ignore(): void {
    this.settle('ignored', undefined)
  }

  private settle(outcome: Outcome, cause: FailureCause | undefined): void {
    if (this.settled) return
    this.settled = true
    this.issuer.settle(this, outcome, cause)
  }
}
