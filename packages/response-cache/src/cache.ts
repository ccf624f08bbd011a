import type { CacheEntry } from './entry.ts'
import { Flights, type Flight } from './flights.ts'
import { Invalidations, type Invalidation } from './invalidations.ts'
import { slotFor } from './key/lookup.ts'
import type { QueryRule } from './key/query.ts'
import { MemoryStore } from './memory/memory-store.ts'
import type { ResolvedOptions } from './options/plugin-options.ts'
import { newRoute, type CachedRoute } from './plugin/route.ts'
import { Recent } from './recent.ts'
import type { RemoteTier } from './remote.ts'
import type { Lookup, PurgeMode } from './store.ts'
import { newCounters, type Counters } from './stats.ts'

/** What turned out not to be cacheable is remembered that long, so that nobody waits for its answers again. */
const PASS_MS = 60_000
const MAX_PASSES = 5000

/** A fetch in the background, which keeps `stored` from going stale, or back from it. */
export interface Refresh {
  readonly stored: CacheEntry
  readonly flight: Flight
}

/** What all routes of one registration have in common. */
export class Cache {
  readonly options: ResolvedOptions
  readonly invalidations: Invalidations = new Invalidations()
  readonly memory: MemoryStore
  readonly flights: Flights
  /** The refreshes under way, by the token that their requests carry. */
  readonly refreshes: Map<string, Refresh> = new Map()
  readonly counters: Counters = newCounters()
  readonly now: () => number
  /** For keys that are made without a route. */
  readonly anyRoute: CachedRoute
  /** The tier that instances share, if there is one. */
  readonly remote: RemoteTier | undefined
  /** What the remote tier had, and memory no room for. */
  readonly #asked = new Recent<true>()
  readonly #queryRules = new Map<string, QueryRule>()
  /** Until when, epoch ms. */
  readonly #passes = new Recent<number>()

  constructor(options: ResolvedOptions) {
    this.options = options
    this.now = options.now
    this.memory = new MemoryStore({ ...options.memory, now: options.now, invalidations: this.invalidations })
    this.flights = new Flights(options.coalesceWaitMs)
    this.anyRoute = newRoute(options.defaults, '')
    this.addQueryRule(options.defaults.query)
    this.remote = options.redis?.({
      now: options.now,
      invalidations: this.invalidations,
      waitMs: options.coalesceWaitMs,
      invalidated: (resource, mode) => this.#invalidateHere(resource, mode),
      missed: () => {
        this.memory.clear()
        this.flights.purge(() => true)
      },
    })
  }

  /** The ways in which routes write a query into the key: a purge by URL tries them all. */
  get queryRules(): readonly QueryRule[] {
    return [...this.#queryRules.values()]
  }

  addQueryRule(rule: QueryRule): void {
    const { sort, allow, ignore } = rule
    this.#queryRules.set(JSON.stringify([sort, allow && [...allow], ignore && [...ignore]]), rule)
  }

  async find(lookup: Lookup): Promise<CacheEntry | undefined> {
    const entry = this.memory.find(lookup)
    if (entry !== undefined) return entry
    const found = await this.remote?.find(lookup)
    if (found !== undefined) this.promote(lookup, found)
    return found
  }

  /**
   * Keeps in memory what the remote tier had. Where that pushes out something else, only if others ask for it at this
   * moment, or if it was asked for so lately that memory would have it still: else what is asked for once would drive out
   * what is asked for often.
   */
  promote(lookup: Lookup, found: CacheEntry, flight?: Flight): void {
    const { memory } = this
    const { resource } = lookup
    const slot = slotFor(lookup, found.response.facts.partition)
    const isWanted =
      flight?.waiters !== undefined ||
      !memory.isFullFor(found, slot.length + resource.length) ||
      this.#asked.get(resource) === true
    if (isWanted) memory.put(lookup, slot, found)
    else this.#asked.set(resource, true, memory.size)
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    return this.memory.get(key) ?? this.remote?.get(key)
  }

  async set(key: string, entry: CacheEntry): Promise<void> {
    this.memory.set(key, entry)
    this.counters.stores += 1
    await this.remote?.set(key, entry)
  }

  async delete(key: string): Promise<boolean> {
    const here = this.memory.delete(key)
    const there = await this.remote?.delete(key)
    return here || there === true
  }

  /** Keeps what a fetch brought, unless a purge overtook it, and lets those who wait for it look again. */
  keep(lookup: Lookup, slot: string, entry: CacheEntry, flight: Flight): void {
    if (flight.purged) {
      this.flights.land(flight, 'abandoned')
      return
    }
    this.memory.put(lookup, slot, entry)
    this.counters.stores += 1
    const { lease } = flight
    flight.lease = undefined
    this.flights.land(flight, 'stored')
    if (this.remote === undefined) return
    // Other instances are told when there is something to find.
    this.remote.put(lookup, slot, entry).then(
      () => lease?.end('stored'),
      () => {
        this.counters.errors += 1
        lease?.end('abandoned')
      },
    )
  }

  /** Makes all answers of a resource unusable or stale, those under way too. */
  async invalidate(resource: string, mode: PurgeMode): Promise<void> {
    this.#invalidateHere(resource, mode)
    await this.remote?.invalidate(resource, mode)
  }

  /** Makes all answers with a tag, under a prefix, or all there are, unusable or stale. */
  async note(scope: Invalidation['scope'], value: string, mode: PurgeMode): Promise<void> {
    const stamp = this.invalidations.latest + 1
    this.invalidations.note({ scope, value, mode, stamp, atMs: this.now() })
    await this.remote?.note({ scope, value, mode })
  }

  async close(): Promise<void> {
    await this.remote?.close()
  }

  #invalidateHere(resource: string, mode: PurgeMode): void {
    this.memory.invalidate(resource, mode)
    this.flights.purge((flying) => flying === resource)
  }

  /** Whether the last answer of the resource at this place could not be kept. */
  passes(resource: string, place: string): boolean {
    // Most applications have none, and need no key made.
    if (this.#passes.isEmpty) return false
    const key = place + resource
    const until = this.#passes.get(key)
    if (until === undefined) return false
    if (this.now() < until) return true
    this.#passes.delete(key)
    return false
  }

  /**
   * Remembers that answers of the resource at this place cannot be kept, where it mattered: somebody has waited for this
   * one, if in vain, or other instances might.
   */
  pass({ resource, place, joinable, timer }: Flight): void {
    if (!joinable || (timer === undefined && this.remote === undefined)) return
    this.#passes.set(place + resource, this.now() + PASS_MS, MAX_PASSES)
  }

  /** Forgets it. */
  unpass({ resource, place }: Flight): void {
    if (!this.#passes.isEmpty) this.#passes.delete(place + resource)
  }
}
