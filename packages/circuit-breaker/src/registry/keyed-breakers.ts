import type { CircuitBreaker } from '../breaker.ts'

/** How many breakers are looked at to find one that may go. */
const LOOKED_AT = 16

/**
 * One breaker for each key, at most `max`. The one not used for longest makes room, but never one that is not closed
 * or has calls in flight: it protects somebody. Where none can go, further keys share the breaker of the template.
 */
export class KeyedBreakers {
  readonly template: string
  /** In order of use, the longest unused first. */
  readonly #breakers = new Map<string, CircuitBreaker>()
  readonly #max: number
  readonly #shared: CircuitBreaker
  readonly #create: (name: string) => CircuitBreaker

  /** For the registry. */
  constructor(
    template: string,
    max: number,
    shared: CircuitBreaker,
    create: (name: string) => CircuitBreaker,
  ) {
    this.template = template
    this.#max = max
    this.#shared = shared
    this.#create = create
  }

  get size(): number {
    return this.#breakers.size
  }

  get(key: string): CircuitBreaker {
    let breaker = this.#breakers.get(key)
    if (breaker === undefined) {
      if (this.#breakers.size >= this.#max && !this.#evict()) return this.#shared
      breaker = this.#create(`${this.template}:${key}`)
    } else {
      this.#breakers.delete(key)
    }
    this.#breakers.set(key, breaker)
    return breaker
  }

  /** By the breaker's name; does not count as a use. */
  find(name: string): CircuitBreaker | undefined {
    const prefix = `${this.template}:`
    return name.startsWith(prefix) ? this.#breakers.get(name.slice(prefix.length)) : undefined
  }

  list(): CircuitBreaker[] {
    return [...this.#breakers.values()]
  }

  #evict(): boolean {
    let toLookAt = Math.min(LOOKED_AT, this.#breakers.size)
    for (const [key, breaker] of this.#breakers) {
      if (toLookAt === 0) break
      toLookAt -= 1
      this.#breakers.delete(key)
      if (breaker.idle) {
        breaker.retire()
        return true
      }
      // To the other end, so that the next search begins behind it.
      this.#breakers.set(key, breaker)
    }
    return false
  }
}
