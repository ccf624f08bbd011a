import { LRUCache } from 'lru-cache'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import type { ApiKeyStore, KeyStoreEvent, MaybePromise } from '../stores/api-key-store.ts'
import { deadline } from './deadline.ts'
import { notFound, toFound, type Found, type KeyLookup } from './key-lookup.ts'

/** How keys of a store that answers by promises are remembered. All times in milliseconds. */
export interface KeyMemoryOptions {
  /** Keys remembered, 1 or more. Default 10000. */
  readonly max: number
  /** How long an answer counts, which bounds how long a revoked key lives if the message about it is lost. Default 5000. */
  readonly ttlMs: number
  /** Unknown keys remembered, apart from known ones so that guesses can't push these out. Default 10000. */
  readonly unknownMax: number
  /** How long an unknown key stays unknown without asking. Default 5000. */
  readonly unknownTtlMs: number
  /** How long after its last confirmation a key is accepted while the store does not answer. Default 300000; 0: not at all. */
  readonly graceMs: number
  /** How long a look-up may take before the store counts as not answering. Default 250. */
  readonly timeoutMs: number
  /** How long a store that did not answer is left alone. Default 1000. */
  readonly retryMs: number
}

interface Memory {
  readonly record: ApiKeyRecord
  readonly confirmedAt: number
}

/**
 * Stands between requests and a store that is asked over a network.
 *
 * What the store says is remembered for `ttlMs`; in the second half of that time it is asked again beside the request, so
 * that a key in use never waits. A message about a key makes it forgotten at once. While the store does not answer, keys
 * that were confirmed within `graceMs` go on and all others are "unavailable": a door that is in doubt stays shut.
 */
export class RememberedKeys implements KeyLookup {
  private readonly store: ApiKeyStore
  private readonly options: KeyMemoryOptions
  private readonly known: LRUCache<string, Memory>
  private readonly unknown: LRUCache<string, { readonly confirmedAt: number }>
  private readonly pending = new Map<string, Promise<Found>>()
  /** Counts messages: an answer that was asked for before one may be older than what it tells. */
  private generation = 0
  /** Answers confirmed up to here have to be confirmed again. */
  private staleUntil = Number.NEGATIVE_INFINITY
  private downUntil = Number.NEGATIVE_INFINITY
  /** Look-ups that failed or came too late. */
  errors = 0

  constructor(store: ApiKeyStore, options: KeyMemoryOptions) {
    this.store = store
    this.options = options
    this.known = new LRUCache({ max: options.max })
    this.unknown = new LRUCache({ max: options.unknownMax })
  }

  find(hash: string, now: number): MaybePromise<Found> {
    const record = this.recall(hash, now)
    if (record !== undefined) return { known: true, record }
    if (!this.known.has(hash) && this.rememberedUnknown(hash, now)) return notFound
    return now < this.downUntil ? this.inDoubt(hash, now) : this.ask(hash, now)
  }

  recall(hash: string, now: number): ApiKeyRecord | undefined {
    const memory = this.known.get(hash)
    if (memory === undefined) return undefined
    const age = this.age(memory, now)
    if (age >= this.options.ttlMs) return undefined
    if (age * 2 > this.options.ttlMs && now >= this.downUntil) void this.ask(hash, now)
    return memory.record
  }

  remembers(hash: string, now: number): boolean {
    const memory = this.known.peek(hash)
    return memory === undefined
      ? this.rememberedUnknown(hash, now)
      : this.age(memory, now) < this.options.ttlMs
  }

  /** Forgets what a message of the store says has changed; without particulars, asks again for everything. */
  follow(event: KeyStoreEvent, now: number): void {
    if (event.type !== 'changed') return
    this.generation++
    for (const hash of event.hashes ?? []) {
      this.known.delete(hash)
      this.unknown.delete(hash)
      this.pending.delete(hash)
    }
    if (event.hashes === undefined) {
      this.staleUntil = now
      this.unknown.clear()
      this.pending.clear()
    }
  }

  private age({ confirmedAt }: { readonly confirmedAt: number }, now: number): number {
    return confirmedAt <= this.staleUntil ? Number.POSITIVE_INFINITY : now - confirmedAt
  }

  private rememberedUnknown(hash: string, now: number): boolean {
    const memory = this.unknown.get(hash)
    return memory !== undefined && this.age(memory, now) < this.options.unknownTtlMs
  }

  /** One question for any number of requests that need the same answer. */
  private ask(hash: string, now: number): Promise<Found> {
    const asked = this.pending.get(hash)
    if (asked !== undefined) return asked
    const { generation } = this
    const found = deadline(this.look(hash), this.options.timeoutMs)
      .then(
        (record) => this.learn(hash, record, now, generation),
        () => this.fail(hash, now),
      )
      .finally(() => {
        if (this.pending.get(hash) === found) this.pending.delete(hash)
      })
    this.pending.set(hash, found)
    return found
  }

  private async look(hash: string): Promise<ApiKeyRecord | undefined> {
    return this.store.findByHash(hash)
  }

  private learn(hash: string, record: ApiKeyRecord | undefined, now: number, generation: number): Found {
    this.downUntil = Number.NEGATIVE_INFINITY
    if (generation === this.generation) {
      if (record === undefined) {
        this.known.delete(hash)
        this.unknown.set(hash, { confirmedAt: now })
      } else {
        this.unknown.delete(hash)
        this.known.set(hash, { record, confirmedAt: now })
      }
    }
    return toFound(record)
  }

  private fail(hash: string, now: number): Found {
    this.errors++
    this.downUntil = now + this.options.timeoutMs + this.options.retryMs
    return this.inDoubt(hash, now)
  }

  private inDoubt(hash: string, now: number): Found {
    const memory = this.known.get(hash)
    if (memory !== undefined && now - memory.confirmedAt < this.options.graceMs) {
      return { known: true, record: memory.record }
    }
    return { known: 'unavailable', retryAfterMs: Math.max(this.options.retryMs, this.downUntil - now) }
  }
}
