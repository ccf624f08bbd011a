import type { CacheEntry } from '../entry.ts'
import { parseKey, placeOf, selectionOf } from '../key/cache-key.ts'
import type { RemoteHost } from '../remote.ts'
import { expire } from '../rules/facts.ts'
import type { CacheStore, Lookup, PurgeMode } from '../store.ts'
import { BatchReader } from './batch-reader.ts'
import { decodeEntry, encodeEntry, type Compression } from './entry-codec.ts'
import type { CacheRedis } from './redis-commands.ts'
import { unavailable, type RedisGuard } from './redis-guard.ts'
import type { RedisKeys } from './redis-keys.ts'
import { formatIndex, indexWith, parseIndex, type ResourceIndex } from './resource-index.ts'
import { newToken } from './token.ts'

export interface RedisStoreOptions {
  readonly compression: Compression
  readonly maxEntryBytes: number
  /** No entry lives longer, ms. */
  readonly maxTtlMs: number
}

/** A tombstone outlives any fetch that began before it. */
const TOMBSTONE_MS = 600_000

/** Writes beside the request may take that many deadlines. */
const WRITE_PATIENCE = 10

/** The entries in Redis: an index a resource, an entry a key, all of one resource in one slot. */
export class RedisStore implements CacheStore {
  readonly #redis: CacheRedis
  readonly #guard: RedisGuard
  readonly #reader: BatchReader
  readonly #keys: RedisKeys
  readonly #host: RemoteHost
  readonly #options: RedisStoreOptions
  #hits = 0
  #unreadable = 0

  constructor(
    redis: CacheRedis,
    guard: RedisGuard,
    keys: RedisKeys,
    host: RemoteHost,
    options: RedisStoreOptions,
  ) {
    this.#redis = redis
    this.#guard = guard
    this.#reader = new BatchReader(redis, guard)
    this.#keys = keys
    this.#host = host
    this.#options = options
  }

  get hits(): number {
    return this.#hits
  }

  /** Entries that were not ours, damaged, or of another version. */
  get unreadable(): number {
    return this.#unreadable
  }

  async find(lookup: Lookup): Promise<CacheEntry | undefined> {
    const { resource, slots, hint } = lookup
    const guess = hint.vary
    const keys = placesOf(lookup, guess)
    const answer = await this.#read(resource, keys)
    if (answer === undefined) return undefined
    const { index, text } = answer
    lookup.seen = text
    if (index === undefined) return undefined
    hint.vary = index.vary
    if (sameNames(index.vary, guess)) return this.#first(resource, index, slots.length, keys, answer.values)
    // The guess was wrong, which teaches the route better: ask again by the right names.
    const places = placesOf(lookup, index.vary)
    const second = await this.#read(resource, places)
    return second?.text === text
      ? this.#first(resource, index, slots.length, places, second.values)
      : undefined
  }

  async put(lookup: Lookup, slot: string, entry: CacheEntry): Promise<void> {
    const { resource, request, hint } = lookup
    const vary = entry.response.facts.vary
    await this.#write(resource, lookup.seen ?? '', vary, entry, (names) => {
      hint.vary = names
      return placeOf(slot, selectionOf(names, request))
    })
  }

  async set(key: string, entry: CacheEntry): Promise<void> {
    const parts = parseKey(key)
    if (parts === undefined) return
    const base = this.#keys.resource(parts.resource)
    const seen = await this.#guard.run(() => this.#redis.get(this.#keys.index(base)))
    if (seen === unavailable) return
    await this.#write(parts.resource, seen ?? '', [], entry, () => placeOf(parts.slot, parts.selection))
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    const parts = parseKey(key)
    if (parts === undefined) return undefined
    const places = [placeOf(parts.slot, parts.selection)]
    const answer = await this.#read(parts.resource, places)
    if (answer?.index === undefined) return undefined
    return this.#first(parts.resource, answer.index, 1, places, answer.values)
  }

  async delete(key: string): Promise<boolean> {
    const parts = parseKey(key)
    if (parts === undefined) return false
    const entryKey = this.#keys.entry(
      this.#keys.resource(parts.resource),
      placeOf(parts.slot, parts.selection),
    )
    return (await this.#guard.run(() => this.#redis.del(entryKey))) === 1
  }

  async invalidate(resource: string, mode: PurgeMode): Promise<void> {
    await this.tryInvalidate(resource, mode)
  }

  /** The same, and whether Redis has heard of it. */
  async tryInvalidate(resource: string, mode: PurgeMode): Promise<boolean> {
    const index = this.#keys.index(this.#keys.resource(resource))
    const answer = await this.#guard.run(() =>
      this.#redis.sluiceInvalidateResource(index, mode, newToken(), TOMBSTONE_MS),
    )
    return answer !== unavailable
  }

  /** The index and the entries at these places: one round trip. */
  async #read(resource: string, places: readonly string[]): Promise<Answer | undefined> {
    const base = this.#keys.resource(resource)
    const keys = [this.#keys.index(base), ...places.map((place) => this.#keys.entry(base, place))]
    const values = await this.#reader.read(keys)
    if (values === undefined) return undefined
    const text = values[0]?.toString('latin1') ?? ''
    return { text, index: parseIndex(text), values }
  }

  /** The first entry that is there, readable, of the index's epoch and not purged. */
  async #first(
    resource: string,
    index: ResourceIndex,
    count: number,
    places: readonly string[],
    values: Answer['values'],
  ): Promise<CacheEntry | undefined> {
    for (let at = 0; at < count; at++) {
      const bytes = values[at + 1]
      if (bytes === null || bytes === undefined) continue
      const decoded = decodeEntry(bytes, (places[at] ?? '') + resource)
      const record = decoded instanceof Promise ? await decoded : decoded
      if (record === undefined) this.#unreadable += 1
      else if (record.epoch === index.epoch) {
        const entry = this.#valid(record.entry, record.soft === index.soft, resource)
        if (entry !== undefined) {
          this.#hits += 1
          return entry
        }
      }
    }
    return undefined
  }

  #valid(entry: CacheEntry, asWritten: boolean, resource: string): CacheEntry | undefined {
    const now = this.#host.now()
    if (now >= entry.keepUntilMs) return undefined
    const valid = this.#host.invalidations.apply(entry, resource)
    if (valid === undefined || asWritten) return valid
    const { response } = valid
    return { ...valid, response: { ...response, facts: expire(response.facts, now) } }
  }

  /**
   * Writes on top of the index that was seen. If others have written meanwhile, once more on top of theirs; if the
   * resource was invalidated meanwhile, the entry is older than that, and dropped.
   */
  async #write(
    resource: string,
    seenText: string,
    vary: readonly string[],
    entry: CacheEntry,
    placeOf: (names: readonly string[]) => string,
  ): Promise<void> {
    const ttlMs = Math.min(Math.ceil(entry.keepUntilMs - this.#host.now()), this.#options.maxTtlMs)
    if (ttlMs <= 0 || entry.body.length > this.#options.maxEntryBytes || !this.#guard.ready) return
    const base = this.#keys.resource(resource)
    const first = parseIndex(seenText)
    let text = seenText
    for (let attempt = 0; attempt < 2; attempt++) {
      const seen = parseIndex(text)
      if (attempt > 0 && (seen === undefined || isInvalidated(first, seen))) return
      const index = indexWith(seen, vary)
      const place = placeOf(index.vary)
      const record = { key: place + resource, epoch: index.epoch, soft: index.soft, entry }
      const bytes = await encodeEntry(record, this.#options.compression)
      const reply = await this.#guard.run(
        () =>
          this.#redis.sluicePutEntry(
            this.#keys.index(base),
            this.#keys.entry(base, place),
            text,
            formatIndex(index),
            bytes,
            ttlMs,
          ),
        WRITE_PATIENCE,
      )
      if (reply === unavailable || reply === null) return
      text = reply
    }
  }
}

interface Answer {
  /** The index as it lies in Redis, `''` for none. */
  readonly text: string
  readonly index: ResourceIndex | undefined
  /** The index, and the entries in the order of their places. */
  readonly values: readonly (Buffer | null)[]
}

function placesOf({ slots, request }: Lookup, vary: readonly string[]): string[] {
  const selection = selectionOf(vary, request)
  return slots.map((slot) => placeOf(slot, selection))
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, at) => name === b[at]))
}

function isInvalidated(before: ResourceIndex | undefined, after: ResourceIndex): boolean {
  return before === undefined ? after.purged : before.epoch !== after.epoch || before.soft !== after.soft
}
