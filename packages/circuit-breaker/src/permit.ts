import type { FailureCause } from './outcome.ts'

/**
 * Leave to make one call. It settles once: the first of `success`, `failure` and `ignore` counts, later ones do
 * nothing. A permit from an older generation feeds totals and latency and never a transition.
 */
export interface Permit {
  readonly admitted: true
  readonly generation: number
  /** Whether its outcome decides a half-open breaker. */
  readonly probe: boolean
  /** How long the call may take in ms (`timeoutMs`, or `probe.timeoutMs` for a probe); undefined: no limit. */
  readonly timeoutMs: number | undefined
  success(): void
  failure(cause?: FailureCause): void
  ignore(): void
}
