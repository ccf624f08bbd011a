import type { CacheEntry } from '../entry.ts'
import { parseKey, placeOf, selectionOf } from '../key/cache-key.ts'
import type { RemoteHost } from '../remote.ts'
import { expire } from '../rules/facts.ts'
import type { CacheStore, Lookup, PurgeMode } from '../store.ts'
import { BatchReader, type Values } from './batch-reader.ts'
import { decodeEntry, encodeEntry, unpackBody, type Coding, type Compression } from './entry-codec.ts'
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
    const { resource, hint } = lookup
    const guess = hint.vary
    let places = placesOf(lookup, guess)
    let values = await this.#read(resource, places)
    if (values === undefined) return undefined
    const text = indexText(values)
    lookup.seen = text
    const index = parseIndex(text)
    if (index === undefined) return undefined
    hint.vary = index.vary
    if (!sameNames(index.vary, guess)) {
      // The guess was wrong, which teaches the route better: ask again by the right names.
      places = placesOf(lookup, index.vary)
      values = await this.#read(resource, places)
      if (values === undefined || indexText(values) !== text) return undefined
    }
    return this.#first(resource, index, places, values)
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
    const values = await this.#read(parts.resource, places)
    const index = values === undefined ? undefined : parseIndex(indexText(values))
    if (values === undefined || index === undefined) return undefined
    return this.#first(parts.resource, index, places, values)
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
  #read(resource: string, places: readonly string[]): Promise<Values | undefined> {
    const base = this.#keys.resource(resource)
    return this.#reader.read([
      this.#keys.index(base),
      ...places.map((place) => this.#keys.entry(base, place)),
    ])
  }

  /** The first entry that is there, readable, of the index's epoch and not purged; waits only where it is compressed. */
  #first(
    resource: string,
    index: ResourceIndex,
    places: readonly string[],
    values: Values,
  ): CacheEntry | undefined | Promise<CacheEntry | undefined> {
    for (const [at, place] of places.entries()) {
      const bytes = values[at + 1]
      if (bytes === null || bytes === undefined) continue
      const record = decodeEntry(bytes, place + resource)
      if (record === undefined) this.#unreadable += 1
      else if (record.epoch === index.epoch) {
        const entry = this.#valid(record.entry, record.soft === index.soft, resource)
        if (entry !== undefined) return this.#unpacked(entry, record.coding)
      }
    }
    return undefined
  }

  #unpacked(entry: CacheEntry, coding: Coding): CacheEntry | Promise<CacheEntry | undefined> {
    if (coding === 'plain') return this.#hit(entry)
    return unpackBody(entry.body, coding).then(
      (body) => this.#hit({ ...entry, body }),
      () => {
        this.#unreadable += 1
        return undefined
      },
    )
  }

  #hit(entry: CacheEntry): CacheEntry {
    this.#hits += 1
    return entry
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

/** As it lies in Redis, `''` for none. */
function indexText(values: Values): string {
  return values[0]?.toString('latin1') ?? ''
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
