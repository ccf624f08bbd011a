import type { Flight, Landing } from '../flights.ts'
import type { Lease } from '../remote.ts'
import type { CacheRedis } from './redis-commands.ts'
import { unavailable, type RedisGuard } from './redis-guard.ts'
import type { RedisKeys } from './redis-keys.ts'
import { newToken } from './token.ts'

/** How often somebody who waits looks whether the lease is still there: its holder may have died, or its word be lost. */
const LOOK_MS = 250

const LANDINGS: ReadonlySet<unknown> = new Set<Landing>(['stored', 'failed', 'abandoned', 'uncacheable'])

/** Coalescing across instances: one of them fetches, the others wait for its word, a while. */
export class Leases {
  readonly #redis: CacheRedis
  readonly #guard: RedisGuard
  readonly #keys: RedisKeys
  readonly #waitMs: number
  readonly #waiting = new Map<string, Set<(landing: Landing) => void>>()

  constructor(redis: CacheRedis, guard: RedisGuard, keys: RedisKeys, waitMs: number) {
    this.#redis = redis
    this.#guard = guard
    this.#keys = keys
    this.#waitMs = waitMs
  }

  async take({ resource, place }: Pick<Flight, 'resource' | 'place'>, wait: boolean): Promise<Lease> {
    const name = this.#keys.lease(this.#keys.resource(resource), place)
    const token = newToken()
    // Listening first: the holder's word may come before the reply that there is one.
    const word = wait ? this.#listen(name) : undefined
    const taken = await this.#guard.run(() =>
      this.#redis.sluiceTakeLease(name, this.#keys.waited(name), token, this.#waitMs),
    )
    if (taken === 0) {
      return word === undefined ? { kind: 'taken' } : { kind: 'landed', landing: await word.landed }
    }
    word?.cancel()
    return taken === 1
      ? { kind: 'held', end: (landing) => void this.#end(name, token, landing) }
      : { kind: 'none' }
  }

  /** Another instance's fetch has landed. */
  hear(name: string, landing: Landing): void {
    for (const tell of this.#waiting.get(name) ?? []) tell(landing)
  }

  async #end(name: string, token: string, landing: Landing): Promise<void> {
    const message = JSON.stringify({ lease: name, landing })
    await this.#guard.run(() =>
      this.#redis.sluiceEndLease(name, this.#keys.waited(name), token, this.#keys.channel, message),
    )
  }

  #listen(name: string): { landed: Promise<Landing>; cancel: () => void } {
    const listeners = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, listeners)
    let cancel = (): void => {}
    const landed = new Promise<Landing>((resolve) => {
      const settle = (landing: Landing): void => {
        clearInterval(look)
        clearTimeout(overdue)
        listeners.delete(settle)
        if (listeners.size === 0) this.#waiting.delete(name)
        resolve(landing)
      }
      cancel = () => settle('overdue')
      const overdue = setTimeout(cancel, this.#waitMs)
      const look = setInterval(() => {
        void this.#guard
          .run(() => this.#redis.exists(name))
          .then((held) => {
            if (held === 0) settle('stored')
            else if (held === unavailable) settle('overdue')
          })
      }, LOOK_MS)
      listeners.add(settle)
    })
    return { landed, cancel }
  }
}

/** The word of a holder; undefined for any other message. */
export function parseLanding(
  message: Record<string, unknown>,
): { lease: string; landing: Landing } | undefined {
  const { lease, landing } = message
  if (typeof lease !== 'string' || !LANDINGS.has(landing)) return undefined
  return { lease, landing: landing as Landing }
}
