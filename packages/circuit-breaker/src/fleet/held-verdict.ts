import type { BreakerState } from '../circuit/state.ts'
import type { FleetVerdict } from './fleet-store.ts'

/** A verdict, and when it was told: what is left of its times is counted from there. */
export class HeldVerdict {
  readonly #verdict: FleetVerdict
  readonly #toldAt: number

  constructor(verdict: FleetVerdict, toldAt: number) {
    this.#verdict = verdict
    this.#toldAt = toldAt
  }

  get epoch(): number {
    return this.#verdict.epoch
  }

  /** As if it were told now. */
  at(now: number): FleetVerdict {
    const { forMs, elapsedMs = 0, ...rest } = this.#verdict
    const ageMs = Math.max(0, now - this.#toldAt)
    const left = forMs === undefined ? {} : { forMs: Math.max(0, forMs - ageMs) }
    return { ...rest, ...left, elapsedMs: elapsedMs + ageMs }
  }

  /** What time has made of it. */
  stateAt(now: number, rampMs: number): BreakerState {
    const { state, forMs = Infinity, elapsedMs = 0 } = this.at(now)
    if (state === 'recovering') return elapsedMs < rampMs ? 'recovering' : 'closed'
    if (forMs > 0) return state
    return state === 'open' ? 'half-open' : 'closed'
  }

  /** Whether it keeps calls from being admitted, or forces them to be. */
  holds(now: number): boolean {
    const { state, forMs = Infinity } = this.at(now)
    return (state === 'open' || state === 'forced-open' || state === 'disabled') && forMs > 0
  }
}
