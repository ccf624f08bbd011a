import type { Probes } from './probes.ts'

/** `forced-open` and `disabled` are set by hand (or by `mode: 'disabled'`), the others by the machine. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'recovering' | 'forced-open' | 'disabled'

/** Who decided: this instance, the fleet, or a person. */
export type Scope = 'local' | 'fleet' | 'manual'

/** What every state knows. Times are monotonic ms of the breaker's clock. */
interface Phase {
  readonly since: number
  readonly reason: string
  readonly scope: Scope
}

export interface Closed extends Phase {
  readonly kind: 'closed'
  /** Who closed it, if somebody did by hand. */
  readonly actor?: string | undefined
}

export interface Open extends Phase {
  readonly kind: 'open'
  readonly until: number
  /** `pause`: declared by the upstream (`Retry-After`), and so no failure of its own. */
  readonly cause: 'trip' | 'pause'
}

export interface HalfOpen extends Phase {
  readonly kind: 'half-open'
  readonly probes: Probes
}

export interface Recovering extends Phase {
  readonly kind: 'recovering'
  /** Share of a call that is owed to the callers, 0 to 1: at 1 the next one is let through. */
  credit: number
}

export interface Forced extends Phase {
  readonly kind: 'forced-open' | 'disabled'
  /** Infinity: until somebody closes it. */
  readonly until: number
  readonly actor?: string | undefined
}

/** The machine's state; each kind owns its own data. */
export type CircuitState = Closed | Open | HalfOpen | Recovering | Forced

export interface TransitionRecord {
  readonly from: BreakerState
  readonly to: BreakerState
  /** Epoch ms. */
  readonly at: number
  readonly reason: string
  /** What the last failure was, if a failure caused it. */
  readonly cause?: string
  readonly scope: Scope
  readonly actor?: string
  readonly generation: number
}
