import { LRUCache } from 'lru-cache'
import { sizeOf, type CacheEntry } from '../entry.ts'
import { parseKey, selectionOf } from '../key/cache-key.ts'
import type { Invalidations } from '../invalidations.ts'
import { expire } from '../rules/facts.ts'
import type { CacheStore, Lookup, PurgeMode } from '../store.ts'

/** What the answers of one resource have named in `Vary`, and the keys under which it is kept. */
interface Resource {
  vary: readonly string[]
  readonly keys: Set<string>
}

const NO_NAMES: readonly string[] = []

export interface MemoryStoreOptions {
  /** All entries together, bytes. */
  readonly maxBytes: number
  /** One entry, bytes; a larger one is not kept. */
  readonly maxEntryBytes: number
  readonly invalidations: Invalidations
  readonly now: () => number
}

/** The tier in this process: the least recently used entry goes first. */
export class MemoryStore implements CacheStore {
  readonly #entries: LRUCache<string, CacheEntry>
  readonly #resources = new Map<string, Resource>()
  readonly #invalidations: Invalidations
  readonly #now: () => number
  #evictions = 0

  constructor({ maxBytes, maxEntryBytes, invalidations, now }: MemoryStoreOptions) {
    this.#invalidations = invalidations
    this.#now = now
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      maxEntrySize: Math.min(maxEntryBytes, maxBytes),
      sizeCalculation: sizeOf,
      dispose: (_entry, key, reason) => {
        if (reason === 'set') return
        if (reason === 'evict') this.#evictions += 1
        this.#forget(key)
      },
    })
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  get size(): number {
    return this.#entries.size
  }

  get evictions(): number {
    return this.#evictions
  }

  /** Whether anything of the resource is kept. */
  knows(resource: string): boolean {
    return this.#resources.has(resource)
  }

  /** The key under which an answer to this request would lie in that slot, as far as is known by now. */
  keyOf(lookup: Lookup, slot: string): string {
    const names = this.#resources.get(lookup.resource)?.vary ?? NO_NAMES
    return slot + selectionOf(names, lookup.request) + lookup.resource
  }

  find(lookup: Lookup): CacheEntry | undefined {
    const resource = this.#resources.get(lookup.resource)
    if (resource === undefined) return undefined
    const place = selectionOf(resource.vary, lookup.request) + lookup.resource
    for (const slot of lookup.slots) {
      const entry = this.#read(slot + place, lookup.resource)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  put(lookup: Lookup, slot: string, entry: CacheEntry): void {
    const resource = this.#select(lookup.resource, entry.response.facts.vary)
    this.#write(slot + selectionOf(resource.vary, lookup.request) + lookup.resource, resource, entry)
  }

  set(key: string, entry: CacheEntry): void {
    const name = parseKey(key)?.resource
    if (name !== undefined) this.#write(key, this.#select(name, NO_NAMES), entry)
  }

  get(key: string): CacheEntry | undefined {
    return this.#read(key, parseKey(key)?.resource ?? '')
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  invalidate(resource: string, mode: PurgeMode): void {
    for (const key of this.#resources.get(resource)?.keys ?? []) {
      if (mode === 'hard') this.#entries.delete(key)
      else this.#expire(key)
    }
  }

  clear(): void {
    this.#entries.clear()
  }

  /** How many entries these would be. */
  count(holds: (entry: CacheEntry, resource: string) => boolean): number {
    let count = 0
    for (const [name, { keys }] of this.#resources) {
      for (const key of keys) {
        const entry = this.#entries.peek(key)
        if (entry !== undefined && holds(entry, name)) count += 1
      }
    }
    return count
  }

  #write(key: string, resource: Resource, entry: CacheEntry): void {
    resource.keys.add(key)
    this.#entries.set(key, entry)
    // Too large, or pushed out at once: the map forgets such a key without a word.
    if (!this.#entries.has(key)) this.#forget(key)
  }

  /** The entry, if the invalidations left it; what they changed is written back. */
  #read(key: string, resource: string): CacheEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const valid = this.#now() < entry.keepUntilMs ? this.#invalidations.apply(entry, resource) : undefined
    if (valid === undefined) this.#entries.delete(key)
    else if (valid !== entry) this.#entries.set(key, valid)
    return valid
  }

  #expire(key: string): void {
    const entry = this.#entries.peek(key)
    if (entry === undefined) return
    const { response } = entry
    this.#entries.set(key, {
      ...entry,
      response: { ...response, facts: expire(response.facts, this.#now()) },
    })
  }

  /**
   * The resource's record, selecting by these names too. Every answer is then kept by all the names that any answer gave:
   * finer than each asks for, never coarser. What was kept by fewer cannot be found any more, and goes.
   */
  #select(name: string, vary: readonly string[]): Resource {
    let resource = this.#resources.get(name)
    if (resource === undefined) {
      resource = { vary, keys: new Set() }
      this.#resources.set(name, resource)
    } else if (!vary.every((field) => resource?.vary.includes(field))) {
      const names = [...new Set([...resource.vary, ...vary])].sort()
      for (const key of resource.keys) this.#entries.delete(key)
      resource = { vary: names, keys: new Set() }
      this.#resources.set(name, resource)
    }
    return resource
  }

  #forget(key: string): void {
    const name = parseKey(key)?.resource ?? ''
    const resource = this.#resources.get(name)
    if (resource?.keys.delete(key) === true && resource.keys.size === 0) this.#resources.delete(name)
  }
}
