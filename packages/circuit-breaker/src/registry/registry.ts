import { isDeepStrictEqual } from 'node:util'
import { type BreakerEnvironment, CircuitBreaker, type Control, type TimedControl } from '../breaker.ts'
import { type BreakerListener, Emitter } from '../events/emitter.ts'
import { UnknownBreakerError } from '../errors.ts'
import type { BreakerEventName } from '../events/events.ts'
import type { FleetFacts } from '../fleet/fleet-status.ts'
import type { BreakerGroup, GroupOptions } from './group.ts'
import { Groups } from './groups.ts'
import { KeyedBreakers } from './keyed-breakers.ts'
import { type OptionProblem, OptionsError } from '../options/options-error.ts'
import type { BreakerOptions, ResolvedBreakerOptions } from '../options/options.ts'
import { parseOptions } from '../options/parse-options.ts'
import type { BreakerSnapshot } from '../snapshot.ts'

export interface RegistryOptions {
  /** For all breakers, where they do not say otherwise. */
  defaults?: BreakerOptions
  /** By name; made at once. */
  breakers?: Readonly<Record<string, BreakerOptions>>
  /** By name; the breaker of a group is called `group:<name>`. */
  groups?: Readonly<Record<string, GroupOptions>>
}

export interface KeyedOptions {
  /** Breakers at most, 1 or more. Default 10 000. */
  max?: number
}

/** Breakers by name. */
export class BreakerRegistry {
  readonly #environment: Omit<BreakerEnvironment, 'restore'>
  readonly #events = new Emitter()
  readonly #defaults: ResolvedBreakerOptions
  readonly #breakers = new Map<string, CircuitBreaker>()
  /** What each was made with; it may have been updated since. */
  readonly #made = new Map<string, ResolvedBreakerOptions>()
  readonly #keyed = new Map<string, KeyedBreakers>()
  readonly #groups: Groups

  /** Throws `OptionsError` with all that is wrong. */
  constructor(options: RegistryOptions = {}, environment: Omit<BreakerEnvironment, 'restore'> = {}) {
    this.#environment = environment
    this.#defaults = parseOptions(options.defaults ?? {}, 'defaults')
    refuseShared(this.#defaults, 'defaults')
    const { coordinator, ...alone } = environment
    coordinator?.listen((event) => {
      if (this.#events.wants('fleet')) this.#events.emit('fleet', event)
    })
    this.#groups = new Groups(
      options.groups ?? {},
      (name, gates) => new CircuitBreaker(name, this.#defaults, { ...alone, parent: this.#events, gates }),
    )
    const problems: OptionProblem[] = []
    for (const [name, own] of Object.entries(options.breakers ?? {})) {
      try {
        this.ensure(name, own)
      } catch (error) {
        if (!(error instanceof OptionsError)) throw error
        problems.push(...error.problems)
      }
    }
    if (problems.length > 0) throw new OptionsError(problems)
  }

  get(name: string): CircuitBreaker | undefined {
    const breaker = this.#breakers.get(name)
    if (breaker !== undefined) return breaker
    for (const keyed of this.#keyed.values()) {
      const found = keyed.find(name)
      if (found !== undefined) return found
    }
    return this.#groups.breakers().find((group) => group.name === name)
  }

  /**
   * The breaker of that name, made if there is none. Options are for making it: throws `OptionsError` where they are
   * bad, and where it was made with others.
   */
  ensure(name: string, options?: BreakerOptions): CircuitBreaker {
    const path = `breakers.${name}`
    const known = this.#breakers.get(name)
    if (known === undefined) return this.#create(name, parseOptions(options ?? {}, path, this.#defaults))
    if (options !== undefined) {
      const parsed = parseOptions(options, path, this.#defaults)
      if (!isDeepStrictEqual(parsed, this.#made.get(name))) {
        throw new OptionsError([{ path, received: options, expected: 'the options it was made with before' }])
      }
    }
    return known
  }

  /**
   * A breaker for each key, `<template>:<key>`, at most `max` of them; see `KeyedBreakers`. The same template gives
   * the same breakers.
   */
  keyed(template: string, options?: BreakerOptions, { max = 10_000 }: KeyedOptions = {}): KeyedBreakers {
    if (!Number.isInteger(max) || max < 1) {
      const path = `breakers.${template}.maxBreakers`
      throw new OptionsError([{ path, received: max, expected: 'a whole number from 1' }])
    }
    const shared = this.ensure(template, options)
    let keyed = this.#keyed.get(template)
    if (keyed === undefined) {
      const made = this.#made.get(template)!
      refuseShared(made, `breakers.${template}`)
      keyed = new KeyedBreakers(template, max, shared, {
        create: (name) => this.#assemble(name, made, template),
        removed: (breaker) => this.#retire(breaker),
      })
      this.#keyed.set(template, keyed)
    }
    return keyed
  }

  /** The fleet that the breakers take part in, for operators; undefined: none. */
  get fleet(): FleetFacts | undefined {
    return this.#environment.coordinator?.facts
  }

  /**
   * Takes a breaker out, whatever its state; a template goes with its breakers by key. Groups do without it, its fleet
   * forgets it, and who still holds it may go on using it. False: there is none of that name, or it is that of a group.
   */
  remove(name: string): boolean {
    const breaker = this.#breakers.get(name)
    if (breaker === undefined) return [...this.#keyed.values()].some((keyed) => keyed.remove(name))
    for (const own of this.#keyed.get(name)?.list() ?? []) this.#retire(own)
    this.#keyed.delete(name)
    this.#made.delete(name)
    this.#breakers.delete(name)
    this.#groups.leave(breaker)
    this.#retire(breaker)
    return true
  }

  /** All of them: by name, by key, and those of the groups. */
  list(): CircuitBreaker[] {
    const keyed = [...this.#keyed.values()].flatMap((breakers) => breakers.list())
    return [...this.#breakers.values(), ...keyed, ...this.#groups.breakers()]
  }

  stats(): BreakerSnapshot[] {
    return this.list().map((breaker) => breaker.snapshot())
  }

  /**
   * Back to closed with an empty window; without a name all of them. Like the other controls by hand it throws
   * `UnknownBreakerError` for a name that there is no breaker for.
   */
  reset(name?: string, control?: Control): void {
    const breakers = name === undefined ? this.list() : [this.#demand(name)]
    for (const breaker of breakers) breaker.reset(control)
  }

  open(name: string, control?: TimedControl): void {
    this.#demand(name).open(control)
  }

  close(name: string, control?: Control): void {
    this.#demand(name).close(control)
  }

  disable(name: string, control?: TimedControl): void {
    this.#demand(name).disable(control)
  }

  /** Hears the events of all breakers. Returns the function that takes the listener off. */
  on<E extends BreakerEventName>(event: E, listener: BreakerListener<E>): () => void {
    return this.#events.on(event, listener)
  }

  /** To be called when all breakers are made: throws `OptionsError` if a group has an unknown member. */
  verify(): void {
    this.#groups.verify()
  }

  #create(name: string, options: ResolvedBreakerOptions): CircuitBreaker {
    const breaker = this.#assemble(name, options, undefined)
    this.#breakers.set(name, breaker)
    this.#made.set(name, options)
    return breaker
  }

  #assemble(name: string, options: ResolvedBreakerOptions, template: string | undefined): CircuitBreaker {
    const gates: BreakerGroup[] = this.#groups.of(name, options.group)
    const breaker = new CircuitBreaker(name, options, {
      ...this.#environment,
      parent: this.#events,
      gates,
      ...(template === undefined ? {} : { template }),
    })
    // Breakers by key come and go: the group watches their template's, which is a member as well.
    if (template === undefined) for (const group of gates) group.join(breaker)
    return breaker
  }

  #retire(breaker: CircuitBreaker): void {
    breaker.retire()
    if (this.#events.wants('removed')) this.#events.emit('removed', { breaker: breaker.name })
  }

  #demand(name: string): CircuitBreaker {
    const breaker = this.get(name)
    if (breaker === undefined) throw new UnknownBreakerError(name)
    return breaker
  }
}

/** A rule may keep state, and then it must not be that of several breakers. */
function refuseShared({ strategy }: ResolvedBreakerOptions, path: string): void {
  if (strategy === undefined || typeof strategy === 'function') return
  const expected = 'a function that makes a rule for each breaker'
  throw new OptionsError([{ path: `${path}.strategy`, received: strategy, expected }])
}
