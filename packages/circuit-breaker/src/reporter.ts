import type { BreakerPermit } from './breaker-permit.ts'
import type { Change, CircuitObserver, Ending } from './circuit/circuit-port.ts'
import type { Clock } from './clock.ts'
import type { BreakerCoordinator } from './fleet/coordinator.ts'
import type { Emitter } from './events/emitter.ts'
import type { ProbeEvent } from './events/events.ts'
import { LatencyRecorder } from './latency/latency-recorder.ts'
import type { LatencyKind } from './latency/latency.ts'
import { describeCause, type Outcome } from './outcome.ts'
import type { Probe } from './circuit/probes.ts'
import { NO_REJECTIONS, type Rejection, type Rejections } from './rejection.ts'
import type { TransitionRecord } from './circuit/state.ts'
import type { Totals } from './totals.ts'

const KEPT_TRANSITIONS = 50

/** Counts what happens to a breaker, and tells its listeners and its fleet. Decides nothing. */
export class Reporter implements CircuitObserver {
  // The totals that do not follow from the latencies.
  fires = 0
  rejects = 0
  observedRejects = 0
  fallbacks = 0
  slow = 0
  probes = 0
  #transitionCount = 0
  readonly events: Emitter
  readonly #breaker: string
  readonly #clock: Clock
  /** Made when they are needed: an idle breaker has none. */
  #transitions: TransitionRecord[] | undefined
  #latency: LatencyRecorder | undefined
  /** Made with the first one. */
  #rejections: Rejections | undefined
  readonly #coordinator: BreakerCoordinator | undefined

  constructor(
    breaker: string,
    environment: { clock: Clock; events: Emitter; coordinator: BreakerCoordinator | undefined },
  ) {
    this.#breaker = breaker
    this.#clock = environment.clock
    this.events = environment.events
    this.#coordinator = environment.coordinator
  }

  get latency(): LatencyRecorder {
    return this.#latency ?? new LatencyRecorder()
  }

  /** The last 50, oldest first. */
  get transitions(): readonly TransitionRecord[] {
    return [...(this.#transitions ?? [])]
  }

  get totals(): Totals {
    const { successful, failed, ignored, timeout } = this.latency.calls()
    const { fires, rejects, observedRejects, fallbacks, slow, probes } = this
    // Field by field: a spread takes as long as all the rest of a snapshot.
    return {
      fires,
      successes: successful,
      failures: failed + timeout,
      timeouts: timeout,
      ignored,
      rejects,
      observedRejects,
      fallbacks,
      slow,
      probes,
      transitions: this.#transitionCount,
    }
  }

  get rejections(): Readonly<Rejections> {
    return this.#rejections === undefined ? NO_REJECTIONS : { ...this.#rejections }
  }

  changed({ from, to, generation, cause }: Change, now: number): void {
    const actor = 'actor' in to ? to.actor : undefined
    const record: TransitionRecord = {
      from: from.kind,
      to: to.kind,
      at: this.#clock.wallNow() - (now - to.since),
      reason: to.reason,
      ...(cause === undefined ? {} : { cause: describeCause(cause) }),
      scope: to.scope,
      ...(actor === undefined ? {} : { actor }),
      generation,
    }
    this.#transitionCount += 1
    this.#transitions ??= []
    this.#transitions.push(record)
    if (this.#transitions.length > KEPT_TRANSITIONS) this.#transitions.shift()
    if (to.kind === 'open' && to.scope === 'local' && to.cause === 'trip') {
      this.#coordinator?.tripped(this.#breaker, to.reason, to.until - now)
    }
    if (to.scope !== 'fleet') this.#coordinator?.decided(this.#breaker)
    if (this.events.wants('transition')) this.events.emit('transition', { breaker: this.#breaker, ...record })
  }

  suspected(level: number, generation: number): void {
    this.#coordinator?.suspect(this.#breaker, level, generation)
  }

  askLease(): boolean | undefined {
    return this.#coordinator?.admitProbe(this.#breaker)
  }

  leaseSettled(outcome: Outcome, durationMs: number): void {
    this.#coordinator?.probeSettled(this.#breaker, outcome, durationMs)
  }

  probeLost(probe: Probe, generation: number): void {
    if (probe.leased) this.leaseSettled('ignored', 0)
    this.#probe(generation, 'lost')
  }

  probeStarted(generation: number): void {
    this.probes += 1
    this.#probe(generation, 'started')
  }

  rejected({ breaker, state, reason, retryAfterMs }: Rejection, enforced: boolean): void {
    if (enforced) {
      this.#rejections ??= { ...NO_REJECTIONS }
      this.#rejections[reason] += 1
      this.rejects += 1
    } else {
      this.observedRejects += 1
    }
    if (!this.events.wants('reject')) return
    this.events.emit('reject', { breaker, state, reason, retryAfterMs, enforced })
  }

  /** Lets time pass until `now`; returns when that must be done again. */
  advance(now: number): number {
    this.#latency ??= new LatencyRecorder()
    return this.#latency.advance(now)
  }

  ended(ending: Ending): void {
    this.#latency!.record(kindOf(ending), ending.durationMs)
    if (ending.slow) this.slow += 1
  }

  /** Tells those who listen; most of the time nobody does, and successes are what there are most of. */
  settled(permit: BreakerPermit, ending: Ending): void {
    if (permit.probe || ending.outcome !== 'success' || this.events.wants('success'))
      this.#tell(permit, ending)
  }

  #tell({ generation, probe }: BreakerPermit, { outcome, cause, durationMs }: Ending): void {
    const breaker = this.#breaker
    if (probe) this.#probe(generation, outcome)
    if (outcome !== 'failure') {
      this.events.emit(outcome, { breaker, durationMs, generation, probe })
    } else {
      this.events.emit('failure', { breaker, durationMs, generation, probe, cause })
      if (cause?.kind === 'timeout')
        this.events.emit('timeout', { breaker, durationMs, generation, probe, cause })
    }
  }

  fellBack(error: unknown, failed?: { readonly fallbackError: unknown }): void {
    this.fallbacks += 1
    if (!this.events.wants('fallback')) return
    this.events.emit('fallback', { breaker: this.#breaker, error, ...failed })
  }

  #probe(generation: number, result: ProbeEvent['result']): void {
    if (!this.events.wants('probe')) return
    this.events.emit('probe', { breaker: this.#breaker, generation, result })
  }
}

function kindOf({ outcome, cause }: Ending): LatencyKind {
  if (outcome === 'success') return 'successful'
  if (outcome === 'ignored') return 'ignored'
  return cause?.kind === 'timeout' ? 'timeout' : 'failed'
}
