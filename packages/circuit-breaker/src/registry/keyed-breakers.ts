import type { CircuitBreaker } from '../breaker.ts'

export interface KeyedLifecycle {
  readonly create: (name: string) => CircuitBreaker
  readonly removed: (breaker: CircuitBreaker) => void
}

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
  readonly #removed: (breaker: CircuitBreaker) => void

  /** For the registry. */
  constructor(template: string, max: number, shared: CircuitBreaker, { create, removed }: KeyedLifecycle) {
    this.template = template
    this.#max = max
    this.#shared = shared
    this.#create = create
    this.#removed = removed
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

  /** Takes a breaker out, whatever its state. False: there is none of that name. */
  remove(name: string): boolean {
    const breaker = this.find(name)
    if (breaker === undefined) return false
    this.#breakers.delete(name.slice(this.template.length + 1))
    this.#removed(breaker)
    return true
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
        this.#removed(breaker)
        return true
      }
      // To the other end, so that the next search begins behind it.
      this.#breakers.set(key, breaker)
    }
    return false
  }
}
