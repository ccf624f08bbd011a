import type { BreakerRegistry, BreakerState, ProbeEvent, TransitionEvent } from '@sluice/circuit-breaker'
import { labelText } from './exposition.ts'

export interface BreakerLedger {
  /** Label text of from, to and scope → how often. */
  readonly transitions: Map<string, number>
  /** Label text of the result → how often. */
  readonly probes: Map<string, number>
  /** Time spent open, without the time since the last opening. */
  openMs: number
  openedAt: number | undefined
}

/** What a snapshot cannot tell, counted as it happens: transitions and probes, both rare. */
export class TransitionLedger {
  readonly #breakers = new Map<string, BreakerLedger>()
  readonly #unsubscribe: readonly (() => void)[]

  constructor(registry: BreakerRegistry) {
    this.#unsubscribe = [
      registry.on('transition', (event) => this.#onTransition(event)),
      registry.on('probe', (event) => this.#onProbe(event)),
    ]
  }

  get(breaker: string): BreakerLedger | undefined {
    return this.#breakers.get(breaker)
  }

  /** Forgets breakers that are no more. */
  keepOnly(isLive: (breaker: string) => boolean): void {
    for (const name of this.#breakers.keys()) if (!isLive(name)) this.#breakers.delete(name)
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  #onTransition({ breaker, from, to, scope, at }: TransitionEvent): void {
    const ledger = this.#ledger(breaker)
    increment(ledger.transitions, labelText({ from: label(from), to: label(to), scope }))
    if (ledger.openedAt !== undefined) {
      ledger.openMs += Math.max(0, at - ledger.openedAt)
      ledger.openedAt = undefined
    }
    if (isOpen(to)) ledger.openedAt = at
  }

  #onProbe({ breaker, result }: ProbeEvent): void {
    if (result !== 'started') increment(this.#ledger(breaker).probes, labelText({ result }))
  }

  #ledger(breaker: string): BreakerLedger {
    let ledger = this.#breakers.get(breaker)
    if (ledger === undefined) {
      ledger = { transitions: new Map(), probes: new Map(), openMs: 0, openedAt: undefined }
      this.#breakers.set(breaker, ledger)
    }
    return ledger
  }
}

function label(state: BreakerState): string {
  return state.replace('-', '_')
}

function isOpen(state: BreakerState): boolean {
  return state === 'open' || state === 'forced-open'
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
