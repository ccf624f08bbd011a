import type { Outcome } from '../outcome.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'

type ProbeLimits = ResolvedBreakerOptions['probe']

/** A place among the probes of a half-open breaker. */
export interface Probe {
  /** When the place is given to another if nothing was heard. */
  readonly expiresAt: number
  /** Whether the fleet gave it: then the fleet decides, too. */
  readonly leased: boolean
}

/** The probes of one half-open period, and what they have shown. */
export class Probes {
  #limits: ProbeLimits
  readonly #live: Probe[] = []
  #deadline = Infinity
  successes = 0
  failures = 0

  constructor(limits: ProbeLimits) {
    this.#limits = limits
  }

  get live(): number {
    return this.#live.length
  }

  get settled(): number {
    return this.successes + this.failures
  }

  /** The next place, if one is free. */
  admit(now: number): Probe | undefined {
    const { concurrency, max } = this.#limits
    if (this.#live.length >= concurrency || this.#live.length + this.settled >= max) return undefined
    return this.#start(now, false)
  }

  /** The place for a lease, which the fleet has counted already. */
  admitLeased(now: number): Probe {
    return this.#start(now, true)
  }

  /** Whether the probe still had its place; its outcome counts only then. */
  settle(probe: Probe, outcome: Outcome): boolean {
    const index = this.#live.indexOf(probe)
    if (index === -1) return false
    this.#live.splice(index, 1)
    if (outcome === 'success') this.successes += 1
    else if (outcome === 'failure') this.failures += 1
    return true
  }

  /** Starts the wait of at most `maxWaitMs`, unless it has begun. */
  wait(now: number): void {
    if (this.#deadline === Infinity) this.#deadline = now + this.#limits.maxWaitMs
  }

  overdue(now: number): boolean {
    return now >= this.#deadline
  }

  /** Takes away the places of probes that were not heard of in time, and returns them. */
  takeExpired(now: number): readonly Probe[] {
    if (!this.#live.some((probe) => now >= probe.expiresAt)) return []
    const expired = this.#live.filter((probe) => now >= probe.expiresAt)
    const live = this.#live.filter((probe) => now < probe.expiresAt)
    this.#live.splice(0, Infinity, ...live)
    return expired
  }

  /** Decided as soon as the probes still out cannot change it; when overdue, by what there is. */
  verdict(now: number): 'recovered' | 'failed' | undefined {
    const max = this.overdue(now) ? this.settled : this.#limits.max
    if (max === 0) return undefined
    // Compared at two decimals, so that 2 of 3 meet 0.67.
    const needed = Math.max(1, Math.ceil((this.#limits.successRatio - 0.005) * max - 1e-9))
    if (this.successes >= needed) return 'recovered'
    return this.failures > max - needed ? 'failed' : undefined
  }

  /** How long until a place is free at the latest, in ms. */
  freeInMs(now: number): number {
    let earliest = this.#deadline
    for (const probe of this.#live) earliest = Math.min(earliest, probe.expiresAt)
    return earliest === Infinity ? 0 : Math.max(0, earliest - now)
  }

  update(limits: ProbeLimits): void {
    this.#limits = limits
  }

  #start(now: number, leased: boolean): Probe {
    this.wait(now)
    const { timeoutMs, maxWaitMs } = this.#limits
    // Twice the timeout: one that is reported a little late still counts.
    const leaseMs = timeoutMs === undefined ? maxWaitMs : Math.min(2 * timeoutMs, maxWaitMs)
    const probe = { expiresAt: now + leaseMs, leased }
    this.#live.push(probe)
    return probe
  }
}
