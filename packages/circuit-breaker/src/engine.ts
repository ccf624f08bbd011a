import { BreakerPermit, type PermitIssuer } from './breaker-permit.ts'
import { Bulkhead } from './bulkhead/bulkhead.ts'
import type { Admission } from './circuit/circuit-port.ts'
import { Circuit } from './circuit/circuit.ts'
import type { Clock } from './clock.ts'
import type { BreakerCoordinator } from './fleet/coordinator.ts'
import { deadlinesOf } from './execute/deadlines.ts'
import type { Emitter } from './events/emitter.ts'
import { InFlight } from './bulkhead/in-flight.ts'
import type { ResolvedBreakerOptions } from './options/options.ts'
import type { FailureCause, Outcome } from './outcome.ts'
import type { Probe } from './circuit/probes.ts'
import { Rejection, type RejectReason } from './rejection.ts'
import { Reporter } from './reporter.ts'

/** What a caller is told who finds the bulkhead full: nobody knows when a place will be free. */
const BULKHEAD_RETRY_MS = 1_000

/** A group that a breaker belongs to. */
export interface Gate {
  /** How long the group refuses calls from now on, in ms; undefined: it does not. */
  refusesForMs(): number | undefined
}

export interface EngineEnvironment {
  readonly clock: Clock
  readonly random: () => number
  readonly events: Emitter
  readonly coordinator: BreakerCoordinator | undefined
  readonly gates: readonly Gate[]
}

/** Gives permits and takes their results: the machine, with the groups and the bulkhead in front of it. */
export class Engine implements PermitIssuer {
  readonly name: string
  readonly clock: Clock
  readonly circuit: Circuit
  readonly reporter: Reporter
  readonly inFlight: InFlight
  options: ResolvedBreakerOptions
  bulkhead: Bulkhead | undefined
  readonly #gates: readonly Gate[]
  /** When something is next too old to count. */
  #advanceAt = -Infinity

  constructor(name: string, options: ResolvedBreakerOptions, environment: EngineEnvironment) {
    this.name = name
    this.options = options
    this.clock = environment.clock
    this.#gates = environment.gates
    this.reporter = new Reporter(name, environment)
    this.inFlight = new InFlight(options.leaseMs)
    this.circuit = new Circuit(options, this.clock.now(), {
      random: environment.random,
      observer: this.reporter,
      inFleet: environment.coordinator !== undefined,
    })
    this.bulkhead = this.#createBulkhead()
  }

  acquire(): BreakerPermit | Rejection {
    const now = this.clock.now()
    this.#advance(now)
    this.reporter.fires += 1
    return this.#answer(this.#admit(now), now)
  }

  /** Like `acquire`, but waits where only the bulkhead is in the way and its queue has room. */
  async acquireQueued(signal: AbortSignal | undefined): Promise<BreakerPermit | Rejection> {
    signal?.throwIfAborted()
    const now = this.clock.now()
    this.#advance(now)
    this.reporter.fires += 1
    const admission = this.#admit(now)
    const waiting =
      admission === 'bulkhead' && this.options.mode !== 'observe'
        ? this.bulkhead?.wait(signal, () => this.#answer('bulkhead', this.clock.now()))
        : undefined
    return waiting ?? this.#answer(admission, now)
  }

  settle(permit: BreakerPermit, outcome: Outcome, cause: FailureCause | undefined): void {
    const now = this.clock.now()
    this.#advance(now)
    const durationMs = now - permit.startedAt
    const ending = { outcome, durationMs, slow: this.circuit.evidence.isSlow(durationMs), cause }
    this.inFlight.leave(permit.startedAt)
    this.reporter.ended(ending)
    this.circuit.settle(permit, ending, now)
    this.reporter.settled(permit, ending)
    if (this.bulkhead !== undefined) {
      this.bulkhead.observe(durationMs, this.inFlight.count + 1)
      this.serveQueue(now)
    }
  }

  /** Whether callers may have to wait for a place. */
  get queues(): boolean {
    return this.options.bulkhead !== false && this.options.bulkhead.queue > 0
  }

  timeoutMs(probe: boolean): number | undefined {
    const { timeoutMs } = this.options
    return probe ? (this.options.probe.timeoutMs ?? timeoutMs) : timeoutMs
  }

  update(options: ResolvedBreakerOptions): void {
    const before = this.options
    this.options = options
    const now = this.clock.now()
    this.circuit.update(options, now)
    this.#advanceAt = now
    if (JSON.stringify(before.bulkhead) !== JSON.stringify(options.bulkhead)) {
      const replaced = this.bulkhead
      this.bulkhead = this.#createBulkhead()
      for (let waiter = replaced?.first; waiter !== undefined; waiter = replaced?.first) {
        waiter.answer(this.#answer(this.#admit(now), now))
      }
    }
    this.serveQueue(now)
  }

  /** Answers those who wait in the bulkhead's queue, as far as there are places, or at once where all is refused. */
  serveQueue(now: number): void {
    const { bulkhead } = this
    if (bulkhead === undefined) return
    this.#advance(now)
    for (let waiter = bulkhead.first; waiter !== undefined; waiter = bulkhead.first) {
      if (!bulkhead.hasPlace(this.inFlight.count) && !this.#isOpen(now)) return
      waiter.answer(this.#answer(this.circuit.admit(now), now))
    }
  }

  /** Lets time pass: for most calls one comparison, since what grows too old does so by the second or slower. */
  #advance(now: number): void {
    if (now < this.#advanceAt) return
    this.#advanceAt = Math.min(
      this.inFlight.advance(now),
      this.circuit.evidence.advance(now),
      this.reporter.advance(now),
    )
  }

  #admit(now: number): Admission {
    const alone = this.bulkhead === undefined && this.#gates.length === 0
    return alone ? this.circuit.admit(now) : this.#admitAmongOthers(now)
  }

  #admitAmongOthers(now: number): Admission {
    if (this.#groupRefusesForMs(now) !== undefined) return 'group'
    if (this.bulkhead !== undefined) {
      this.serveQueue(now)
      if (!this.#isOpen(now) && !this.bulkhead.hasPlace(this.inFlight.count)) return 'bulkhead'
    }
    return this.circuit.admit(now)
  }

  #answer(admission: Admission, now: number): BreakerPermit | Rejection {
    return typeof admission === 'string' ? this.#refuse(admission, now) : this.#permit(admission, now)
  }

  #refuse(admission: RejectReason, now: number): BreakerPermit | Rejection {
    const rejection = new Rejection(
      this.name,
      this.circuit.state(now).kind,
      admission,
      this.#retryAfterMs(admission, now),
    )
    const enforced = this.options.mode !== 'observe'
    this.reporter.rejected(rejection, enforced)
    return enforced ? rejection : this.#permit(null, now)
  }

  #permit(place: Probe | null, now: number): BreakerPermit {
    const { generation } = this.circuit
    if (place !== null) this.reporter.probeStarted(generation)
    this.inFlight.enter()
    return new BreakerPermit(this, generation, place, now)
  }

  #retryAfterMs(reason: RejectReason, now: number): number {
    if (reason === 'group') return this.#groupRefusesForMs(now) ?? 0
    return reason === 'bulkhead' ? BULKHEAD_RETRY_MS : this.circuit.retryAfterMs(now)
  }

  #groupRefusesForMs(now: number): number | undefined {
    for (const gate of this.#gates) {
      const forMs = gate.refusesForMs()
      if (forMs !== undefined && this.circuit.state(now).kind !== 'disabled') return forMs
    }
    return undefined
  }

  #isOpen(now: number): boolean {
    const { kind } = this.circuit.state(now)
    return kind === 'open' || kind === 'forced-open'
  }

  #createBulkhead(): Bulkhead | undefined {
    const { bulkhead } = this.options
    return bulkhead === false ? undefined : new Bulkhead(bulkhead, deadlinesOf(this.clock))
  }
}
