import type { CircuitBreaker } from '../breaker.ts'
import type { Gate } from '../engine.ts'

export interface GroupOptions {
  /** Names of breakers; `group:<name>` for another group. Breakers join by their option `group`, too. */
  members?: readonly string[]
  /** Opens when more than this share of the members is open, from 0 to below 1. Default 0.5. */
  openRatio?: number
}

/**
 * Breakers that fall together. When more than `openRatio` of them are open, the group's own breaker opens until the
 * first of them looks again, and every member refuses calls until then. Probing is left to the members.
 */
export class BreakerGroup implements Gate {
  /** Shows the group's state, and takes control by hand, like any other. */
  readonly breaker: CircuitBreaker
  readonly #openRatio: number
  readonly #declared: ReadonlySet<string>
  readonly #members = new Map<string, CircuitBreaker>()
  readonly #stopListening = new Map<string, () => void>()
  readonly #parents: readonly Gate[]
  #verdicts = 0

  constructor(breaker: CircuitBreaker, options: Required<GroupOptions>, parents: readonly Gate[]) {
    this.breaker = breaker
    this.#openRatio = options.openRatio
    this.#declared = new Set(options.members)
    this.#parents = parents
  }

  /** Declared members that there is no breaker for. */
  get missing(): readonly string[] {
    return [...this.#declared].filter((name) => !this.#members.has(name))
  }

  declares(name: string): boolean {
    return this.#declared.has(name)
  }

  join(member: CircuitBreaker): void {
    this.#members.set(member.name, member)
    this.#stopListening.set(
      member.name,
      member.on('transition', () => this.#evaluate()),
    )
  }

  /** A declared member that leaves is missed, and counts as one that is not open. */
  leave(member: CircuitBreaker): void {
    if (!this.#members.delete(member.name)) return
    this.#stopListening.get(member.name)?.()
    this.#stopListening.delete(member.name)
    this.#evaluate()
  }

  refusesForMs(): number | undefined {
    if (isOpen(this.breaker)) return this.breaker.retryAfterMs
    for (const parent of this.#parents) {
      const forMs = parent.refusesForMs()
      if (forMs !== undefined) return forMs
    }
    return undefined
  }

  #evaluate(): void {
    const open = [...this.#members.values()].filter(isOpen)
    const size = this.#members.size + this.missing.length
    const tooMany = open.length > this.#openRatio * size
    this.#verdicts += 1
    this.breaker.applyShared({
      epoch: this.#verdicts,
      scope: 'local',
      state: tooMany ? 'open' : 'closed',
      reason: `${open.length} of ${size} members are open`,
      forMs: Math.min(...open.map((member) => member.retryAfterMs)),
    })
  }
}

function isOpen({ state }: CircuitBreaker): boolean {
  return state === 'open' || state === 'forced-open'
}
