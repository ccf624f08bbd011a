import type { Dispatcher } from 'undici'
import type { ResolvedDeps } from '../deps.ts'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import type { OriginBreakers } from './origin-breakers.ts'
import { Origin } from './origin.ts'
import type { WeightedAddress } from './parse-origins.ts'
import { createPool } from './pool.ts'

/** Told of each change in the set or in what its breakers say. */
export type Changed = (origins: readonly Origin[]) => void

/**
 * The origins in force. They can be replaced at any time: an origin that stays keeps its connections, breaker and books;
 * what is under way on one that goes ends as it would have.
 */
export class OriginSet {
  readonly #options: ResolvedUpstreamOptions
  readonly #deps: ResolvedDeps
  readonly #breakers: OriginBreakers
  readonly #listeners: Changed[] = []
  /** Those that still have requests to end. */
  readonly #retired = new Map<Dispatcher, Farewell>()
  #origins: readonly Origin[] = []

  constructor(options: ResolvedUpstreamOptions, deps: ResolvedDeps, breakers: OriginBreakers) {
    this.#options = options
    this.#deps = deps
    this.#breakers = breakers
    breakers.onTransition = () => this.changed()
  }

  get all(): readonly Origin[] {
    return this.#origins
  }

  onChange(listener: Changed): void {
    this.#listeners.push(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener(this.#origins)
  }

  replace(addresses: readonly WeightedAddress[]): void {
    const before = new Map(this.#origins.map((origin) => [origin.address.id, origin]))
    const first = before.size === 0
    this.#origins = addresses.map(({ address, weight }) => {
      const kept = before.get(address.id)
      if (
        kept === undefined ||
        kept.address.label !== address.label ||
        kept.address.url.href !== address.url.href
      ) {
        return this.#create({ address, weight }, first)
      }
      before.delete(address.id)
      kept.weight = weight
      return kept
    })
    for (const origin of before.values()) this.#retire(origin)
    this.#breakers.assign(this.#origins)
    this.changed()
  }

  /** Keeps its promise when the last request has ended. */
  async close(): Promise<void> {
    for (const origin of this.#origins) this.#retire(origin)
    this.#origins = []
    this.#breakers.assign([])
    this.changed()
    await Promise.all(Array.from(this.#retired.values(), ({ over }) => over))
  }

  /** Ends what is under way with `cause`. */
  async destroy(cause: Error | null): Promise<void> {
    void this.close()
    await Promise.all(Array.from(this.#retired, ([pool, { end }]) => pool.destroy(cause).then(end)))
  }

  #create({ address, weight }: WeightedAddress, first: boolean): Origin {
    const origin = new Origin(address, weight, createPool(address, this.#options), this.#options.slowStart)
    // The first ones share the whole load from the beginning: there is nobody to relieve them.
    if (!first) origin.startSlowly(this.#deps.now())
    return origin
  }

  #retire({ pool }: Origin): void {
    const farewell = new Farewell()
    this.#retired.set(pool, farewell)
    void farewell.over.then(() => this.#retired.delete(pool))
    void pool.close().then(farewell.end)
  }
}

/** A pool that is destroyed while requests queue in it never says that it has closed; so both ends are heard. */
class Farewell {
  end: () => void = () => {}
  readonly over: Promise<void> = new Promise((done) => {
    this.end = done
  })
}
