import type { CallContext } from './execute/call-context.ts'
import { type Clock, systemClock } from './clock.ts'
import type { BreakerCoordinator, SharedVerdict } from './fleet/coordinator.ts'
import { type BreakerListener, Emitter } from './events/emitter.ts'
import { Engine, type Gate } from './engine.ts'
import type { BreakerEventName } from './events/events.ts'
import { execute, type ExecuteOptions } from './execute/execute.ts'
import type { BreakerOptions, ResolvedBreakerOptions } from './options/options.ts'
import { parseOptions, parseUpdate } from './options/parse-options.ts'
import type { Permit } from './permit.ts'
import type { Rejection } from './rejection.ts'
import { restore, save, type SavedBreaker } from './saved-breaker.ts'
import { applyVerdict } from './fleet/shared-verdict.ts'
import { type BreakerSnapshot, takeSnapshot } from './snapshot.ts'
import type { BreakerState, Scope } from './circuit/state.ts'

/** What a breaker lives in; all of it has a default. */
export interface BreakerEnvironment {
  /** Default: the system's. */
  readonly clock?: Clock
  /** 0 to below 1, for jitter. Default `Math.random`. */
  readonly random?: () => number
  /** What `toJSON` gave, to go on from there. */
  readonly restore?: SavedBreaker
  /** The fleet it takes part in. Default: none. */
  readonly coordinator?: BreakerCoordinator
}

/** What a registry adds. */
export interface RegisteredEnvironment extends BreakerEnvironment {
  readonly parent?: Emitter
  readonly gates?: readonly Gate[]
  readonly template?: string
}

/** An intervention by hand. */
export interface Control {
  /** Shown with the state. */
  readonly reason?: string
  /** Who it was. */
  readonly actor?: string
  /** Whether it is for this instance alone. Default `fleet`: for all of them, where there is a fleet. */
  readonly scope?: 'local' | 'fleet'
}

export interface TimedControl extends Control {
  /** For how long, above 0. Default: until it is closed. */
  readonly forMs?: number
}

const NO_GATES: readonly Gate[] = []

/** A circuit breaker for one upstream, route or function. */
export class CircuitBreaker {
  readonly #engine: Engine
  readonly #events: Emitter
  readonly #coordinator: BreakerCoordinator | undefined
  readonly #template: string | undefined
  #epoch = 0

  /** For `createCircuitBreaker` and the registry. */
  constructor(name: string, options: ResolvedBreakerOptions, environment: RegisteredEnvironment) {
    const { clock = systemClock, random = Math.random, coordinator, gates = NO_GATES } = environment
    this.#template = environment.template
    this.#coordinator = coordinator
    this.#events = new Emitter(environment.parent)
    this.#engine = new Engine(name, options, { clock, random, events: this.#events, coordinator, gates })
    if (environment.restore !== undefined) {
      restore(this.#engine.circuit, environment.restore, options, clock)
    }
    coordinator?.join(this)
  }

  get name(): string {
    return this.#engine.name
  }

  /** The options in force, complete and frozen. */
  get options(): ResolvedBreakerOptions {
    return this.#engine.options
  }

  get state(): BreakerState {
    return this.#engine.circuit.state(this.#engine.clock.now()).kind
  }

  /** Who decided on the state. */
  get scope(): Scope {
    return this.#engine.circuit.state(this.#engine.clock.now()).scope
  }

  /** Leave to make one call, or a refusal. The permit must be settled once; what is lost is reclaimed in time. */
  acquire(): Permit | Rejection {
    return this.#engine.acquire()
  }

  /**
   * Like `acquire`, but where the bulkhead is full it waits in its queue, if there is room in it.
   * Rejects with the signal's reason when that aborts.
   */
  acquireQueued(signal?: AbortSignal): Promise<Permit | Rejection> {
    return this.#engine.acquireQueued(signal)
  }

  /**
   * Runs `fn`. Rejects with `BreakerOpenError` (refused), `BreakerTimeoutError` (took longer than `timeoutMs`; its
   * signal is aborted), the reason of the caller's signal, or what `fn` threw; with a fallback, gives its result.
   */
  execute<T>(fn: (context: CallContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<T> {
    return execute(this.#engine, fn, options?.signal)
  }

  /** The same function, through the breaker. */
  wrap<This, Arguments extends unknown[], Result>(
    fn: (this: This, ...parameters: Arguments) => Result | PromiseLike<Result>,
  ): (this: This, ...parameters: Arguments) => Promise<Result> {
    const engine = this.#engine
    return function wrapped(this: This, ...parameters: Arguments): Promise<Result> {
      return execute(engine, () => fn.apply(this, parameters), undefined)
    }
  }

  /** Refuses everything until it is closed, or for `forMs`. */
  open(control: TimedControl = {}): void {
    this.#force('forced-open', control)
  }

  /** Admits everything and never opens, until it is closed, or for `forMs`. */
  disable(control: TimedControl = {}): void {
    this.#force('disabled', control)
  }

  /** Back to closed, whatever it was. */
  close({ reason = 'closed by hand', ...control }: Control = {}): void {
    this.#release('close', { ...control, reason })
  }

  /** Back to closed with an empty window. */
  reset({ reason = 'reset by hand', ...control }: Control = {}): void {
    this.#release('reset', { ...control, reason })
    this.#engine.circuit.evidence.clear()
  }

  /** Opens for `forMs` (at most `open.maxMs`) because the upstream asked for it (`Retry-After`). No failure. */
  pause(forMs: number, reason: string): void {
    const now = this.#engine.clock.now()
    const until = now + Math.min(forMs, this.options.open.maxMs)
    if (until <= now) return
    this.#engine.circuit.open({ until, reason, cause: 'pause', scope: 'local' }, now)
    this.#engine.serveQueue(now)
    this.#coordinator?.paused(this.name, until - now, reason)
  }

  /** Changes options at run time; state, window and totals stay. Throws `OptionsError`, and then nothing changes. */
  update(options: Partial<BreakerOptions>): void {
    this.#engine.update(parseUpdate(options, this.name, this.#engine.options))
  }

  /** Puts a verdict of the fleet into force; false: it is not newer than the last one. See `BreakerCoordinator`. */
  applyShared(verdict: SharedVerdict): boolean {
    if (verdict.epoch <= this.#epoch) return false
    this.#epoch = verdict.epoch
    const now = this.#engine.clock.now()
    applyVerdict(this.#engine.circuit, verdict, this.options, now)
    this.#engine.serveQueue(now)
    return true
  }

  /** For who made it, when it is of no use any more: its fleet forgets it. */
  retire(): void {
    this.#coordinator?.leave(this.name)
  }

  /** How long a caller had better wait now, in ms; 0 while calls are admitted. */
  get retryAfterMs(): number {
    const now = this.#engine.clock.now()
    this.#engine.circuit.state(now)
    return this.#engine.circuit.retryAfterMs(now)
  }

  /** Whether it is closed and nobody is using it. */
  get idle(): boolean {
    const now = this.#engine.clock.now()
    this.#engine.inFlight.advance(now)
    return this.state === 'closed' && this.#engine.inFlight.count === 0
  }

  /** For adapters: a fallback stood in for `error`, or failed to with `fallbackError`. Counts it and tells listeners. */
  reportFallback(error: unknown, failed?: { readonly fallbackError: unknown }): void {
    this.#engine.reporter.fellBack(error, failed)
  }

  snapshot(): BreakerSnapshot {
    return takeSnapshot(this.#engine, { template: this.#template, coordinator: this.#coordinator })
  }

  /** The state, for `restore` in another process. */
  toJSON(): SavedBreaker {
    return save(this.#engine.circuit, this.#engine.clock)
  }

  /** Returns the function that takes the listener off. */
  on<E extends BreakerEventName>(event: E, listener: BreakerListener<E>): () => void {
    return this.#events.on(event, listener)
  }

  #release(cause: 'close' | 'reset', { reason, actor, scope }: Control & { reason: string }): void {
    const now = this.#engine.clock.now()
    this.#engine.circuit.close(reason, 'manual', now, actor)
    this.#engine.serveQueue(now)
    const by = actor === undefined ? {} : { actor }
    this.#fleetOf(scope)?.control(this.name, { state: 'closed', cause, reason, ...by })
  }

  #force(
    kind: 'forced-open' | 'disabled',
    { reason = 'by hand', forMs = Infinity, actor, scope }: TimedControl,
  ): void {
    const now = this.#engine.clock.now()
    const fleet = this.#fleetOf(scope)
    const by = fleet === undefined ? 'manual' : 'fleet'
    this.#engine.circuit.force(kind, { reason, until: now + forMs, actor, scope: by }, now)
    this.#engine.serveQueue(now)
    fleet?.control(this.name, {
      state: kind,
      reason,
      ...(forMs === Infinity ? {} : { forMs }),
      ...(actor === undefined ? {} : { actor }),
    })
  }

  #fleetOf(scope: Control['scope']): BreakerCoordinator | undefined {
    return scope === 'local' ? undefined : this.#coordinator
  }
}

/** Makes a breaker that belongs to no registry. Throws `OptionsError`. */
export function createCircuitBreaker(
  { name, ...options }: BreakerOptions & { name: string },
  environment: BreakerEnvironment = {},
): CircuitBreaker {
  return new CircuitBreaker(name, parseOptions(options, name), environment)
}
