import { createCircuitBreaker, type BreakerEnvironment, type CircuitBreaker } from '@sluice/circuit-breaker'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import type { Origin } from './origin.ts'

/** Gives each of several origins a breaker of its own, `<upstream>@<host:port>`, by which it is ejected. */
export class OriginBreakers {
  /** Set by who wants to know when an origin goes out or comes back. */
  onTransition: () => void = () => {}
  readonly #options: ResolvedUpstreamOptions
  readonly #environment: BreakerEnvironment
  readonly #stopListening = new Map<Origin, () => void>()

  constructor(options: ResolvedUpstreamOptions, environment: BreakerEnvironment) {
    this.#options = options
    this.#environment = environment
  }

  /** `origins` are all there are. One alone gets none: there is nothing to eject it from. */
  assign(origins: readonly Origin[]): void {
    for (const [origin, stop] of this.#stopListening) {
      if (origins.includes(origin)) continue
      this.#stopListening.delete(origin)
      stop()
      this.#forget(origin)
    }
    const { outlier } = this.#options
    if (outlier === false || origins.length < 2) return
    for (const origin of origins) {
      if (origin.breaker !== undefined) continue
      origin.breaker = this.#create(origin)
      this.#stopListening.set(
        origin,
        origin.breaker.on('transition', () => this.onTransition()),
      )
    }
  }

  #forget({ breaker }: Origin): void {
    const { registry } = this.#options
    if (breaker !== undefined && registry?.get(breaker.name) === breaker) registry.remove(breaker.name)
  }

  #create({ address }: Origin): CircuitBreaker {
    const { name, registry, outlier } = this.#options
    const options = outlier === false ? {} : outlier.breaker
    const own = `${name}@${address.id}`
    // Addresses from DNS come and go without end: a name each would be no help to anybody.
    if (registry !== undefined && address.address === undefined) return registry.ensure(own, options)
    return createCircuitBreaker({ name: own, ...options }, this.#environment)
  }
}
