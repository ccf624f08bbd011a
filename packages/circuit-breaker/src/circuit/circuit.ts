import { Backoff } from './backoff.ts'
import type { Admission, CircuitObserver, Ending, Ticket } from './circuit-port.ts'
import { Evidence } from './evidence.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import type { FailureCause } from '../outcome.ts'
import { type Probe, Probes } from './probes.ts'
import { admittedShare } from './ramp.ts'
import type { CircuitState, Forced, HalfOpen, Open, Scope } from './state.ts'

export interface CircuitEnvironment {
  /** 0 to below 1. */
  readonly random: () => number
  readonly observer: CircuitObserver
  /** Whether a fleet wants to hear of suspicions. */
  readonly inFleet: boolean
}

/**
 * The state machine of one breaker: facts and `now` in, decisions out. It has no timer: what time brings about
 * (open to half-open, the end of a ramp or of a forced state) is made true whenever somebody looks.
 */
export class Circuit {
  readonly evidence: Evidence
  readonly backoff: Backoff = new Backoff()
  generation = 0
  #options: ResolvedBreakerOptions
  #state: CircuitState
  readonly #random: () => number
  readonly #observer: CircuitObserver

  constructor(options: ResolvedBreakerOptions, now: number, environment: CircuitEnvironment) {
    this.#options = options
    this.#random = environment.random
    this.#observer = environment.observer
    this.evidence = new Evidence(options, environment.inFleet)
    this.#state =
      options.mode === 'disabled'
        ? { kind: 'disabled', since: now, ...byMode }
        : { kind: 'closed', since: now, reason: 'started', scope: 'local' }
  }

  // The paths of a closed breaker come first and are short, the rest is apart: it is them that calls pay for.

  /** The state at `now`. */
  state(now: number): CircuitState {
    const state = this.#state
    return state.kind === 'closed' ? state : this.#stateInTime(state, now)
  }

  admit(now: number): Admission {
    const state = this.state(now)
    return state.kind === 'closed' ? null : this.#admitUnclosed(state, now)
  }

  settle(ticket: Ticket, ending: Ending, now: number): void {
    const state = this.state(now)
    if (ticket.generation !== this.generation) return
    if (state.kind === 'closed') this.#learn(ending, false, now)
    else this.#settleUnclosed(state, ticket, ending, now)
  }

  /** How long a refused caller had better wait, in ms. */
  retryAfterMs(now: number): number {
    const state = this.#state
    switch (state.kind) {
      case 'open':
        return Math.max(0, state.until - now)
      case 'half-open':
        return Math.min(PROBE_RETRY_MS, state.probes.freeInMs(now))
      case 'recovering':
        return Math.max(0, state.since + this.#options.recovery.rampMs - now)
      case 'forced-open':
        return state.until === Infinity ? this.#options.open.durationMs : Math.max(0, state.until - now)
      case 'closed':
      case 'disabled':
        return 0
    }
  }

  force(kind: Forced['kind'], how: Omit<Forced, 'kind' | 'since'>, now: number): void {
    this.#become({ kind, since: now, ...how }, now)
  }

  /** Closes, whatever the state, and forgets the opens before. */
  close(reason: string, scope: Scope, now: number, actor?: string): void {
    this.backoff.count = 0
    if (this.state(now).kind !== 'closed') this.#closed(now, reason, scope, now, actor)
  }

  /** Opens until `until`; one that is open for the same scope stays so at least until then. Forced states remain. */
  open(how: Omit<Open, 'kind' | 'since'>, now: number): void {
    const state = this.state(now)
    if (state.kind === 'forced-open' || state.kind === 'disabled') return
    if (state.kind === 'open' && state.scope === how.scope) {
      this.#state = { ...state, until: Math.max(how.until, state.until) }
    } else {
      this.#become({ kind: 'open', since: now, ...how }, now)
    }
  }

  /** From `since` on, which may be before `now`. */
  halfOpen(since: number, reason: string, scope: Scope, now: number): void {
    const probes = new Probes(this.#options.probe)
    this.#become({ kind: 'half-open', since, reason, scope, probes }, now)
  }

  /** From `since` on, which may be before `now`. */
  recover(since: number, reason: string, scope: Scope, now: number): void {
    if (this.#options.recovery.rampMs === 0) {
      this.#closed(since, reason, scope, now)
    } else {
      // Begun at random, so that the instances of a fleet do not all admit their first call at once.
      this.#become({ kind: 'recovering', since, reason, scope, credit: this.#random() }, now)
    }
  }

  /** Takes new options; the state and what the window holds stay. */
  update(options: ResolvedBreakerOptions, now: number): void {
    const before = this.#options
    const state = this.state(now)
    this.#options = options
    this.evidence.update(options, now)
    if (state.kind === 'half-open') {
      state.probes.update(options.probe)
      this.#conclude(state.probes, undefined, now)
    }
    if (before.mode !== 'disabled' && options.mode === 'disabled') this.force('disabled', byMode, now)
    if (before.mode === 'disabled' && options.mode !== 'disabled') {
      this.close(`mode ${options.mode}`, 'local', now)
    }
  }

  /** Puts a saved state in place; nobody is told. */
  restore(state: CircuitState, generation: number): void {
    this.#state = state
    this.generation = generation
  }

  #stateInTime(state: CircuitState, now: number): CircuitState {
    switch (state.kind) {
      case 'closed':
        break
      case 'open':
        if (now >= state.until) this.halfOpen(state.until, 'time to look again', state.scope, now)
        break
      case 'half-open':
        this.#lookAtProbes(state, now)
        break
      case 'recovering': {
        const end = state.since + this.#options.recovery.rampMs
        if (now >= end) this.#closed(end, 'recovered', state.scope, now)
        break
      }
      case 'forced-open':
      case 'disabled':
        if (now >= state.until) this.#closed(state.until, `${state.kind} expired`, state.scope, now)
        break
    }
    return this.#state
  }

  #admitUnclosed(state: CircuitState, now: number): Admission {
    switch (state.kind) {
      case 'closed':
      case 'disabled':
        return null
      case 'open':
        return state.cause === 'pause' ? 'pause' : 'open'
      case 'half-open':
        return this.#admitProbe(state, now) ?? 'half-open'
      case 'recovering':
        state.credit += admittedShare(this.#options.recovery, now - state.since)
        if (state.credit < 1) return 'recovering'
        state.credit -= 1
        return null
      case 'forced-open':
        return 'forced'
    }
  }

  #settleUnclosed(state: CircuitState, ticket: Ticket, ending: Ending, now: number): void {
    if (state.kind === 'half-open') {
      if (ticket.place !== null) this.#settleProbe(state.probes, ticket.place, ending, now)
    } else if (state.kind === 'recovering') {
      this.#learn(ending, true, now)
    } else if (state.kind === 'disabled') {
      this.evidence.add(ending, false, now)
    }
  }

  #learn(ending: Ending, recovering: boolean, now: number): void {
    const reason = this.evidence.add(ending, recovering, now)
    if (ending.outcome === 'failure') this.#suspect()
    if (reason !== undefined) this.#trip(reason, ending.cause, now)
  }

  #suspect(): void {
    const { alarm } = this.evidence
    if (alarm > 0) this.#observer.suspected(alarm, this.generation)
  }

  #admitProbe({ probes, scope }: HalfOpen, now: number): Probe | undefined {
    const lease = scope === 'fleet' ? this.#observer.askLease() : undefined
    if (lease === true) return probes.admitLeased(now)
    if (lease === undefined) return probes.admit(now)
    probes.wait(now)
    return undefined
  }

  #settleProbe(probes: Probes, probe: Probe, ending: Ending, now: number): void {
    // One that is slow proves no recovery where slowness is a reason to open.
    const slow = ending.outcome === 'success' && ending.slow
    const outcome = slow ? 'failure' : ending.outcome
    if (!probes.settle(probe, outcome)) return
    if (probe.leased) this.#observer.leaseSettled(outcome, ending.durationMs)
    else this.#conclude(probes, slow ? { kind: 'timeout', detail: 'slow' } : ending.cause, now)
  }

  /** Takes back the places of lost probes, and ends a wait that took too long. */
  #lookAtProbes({ probes }: HalfOpen, now: number): void {
    for (const probe of probes.takeExpired(now)) this.#observer.probeLost(probe, this.generation)
    if (!probes.overdue(now)) return
    // Nothing was heard, not of the fleet either: begin anew, and decide alone.
    if (probes.settled === 0) this.halfOpen(now, 'no probe was heard of in time', 'local', now)
    else this.#conclude(probes, undefined, now)
  }

  #conclude(probes: Probes, cause: FailureCause | undefined, now: number): void {
    const verdict = probes.verdict(now)
    if (verdict === undefined) return
    const reason = `${probes.successes} of ${probes.settled} probes succeeded`
    if (verdict === 'recovered') this.recover(now, reason, 'local', now)
    else this.#trip(reason, cause, now)
  }

  #trip(reason: string, cause: FailureCause | undefined, now: number): void {
    const { open } = this.#options
    if (this.#state.kind === 'closed') this.backoff.forget(open, now - this.#state.since)
    const until = now + this.backoff.next(open, this.#random())
    this.#become({ kind: 'open', since: now, reason, scope: 'local', until, cause: 'trip' }, now, cause)
  }

  #closed(since: number, reason: string, scope: Scope, now: number, actor?: string): void {
    this.#become({ kind: 'closed', since, reason, scope, actor }, now)
  }

  /** The only place where the state changes. */
  #become(to: CircuitState, now: number, cause?: FailureCause): void {
    const from = this.#state
    this.#state = to
    // The end of a ramp changes what is admitted, not what has been learnt.
    if (from.kind !== 'recovering' || to.kind !== 'closed') {
      this.generation += 1
      if (to.kind === 'closed' || to.kind === 'recovering' || to.kind === 'disabled') this.evidence.clear()
    }
    this.#observer.changed({ from, to, generation: this.generation, cause }, now)
  }
}

/** What a caller is told who finds all probes out: most of them answer soon. */
const PROBE_RETRY_MS = 1_000
const byMode = { reason: 'mode disabled', until: Infinity, scope: 'local', actor: undefined } as const
