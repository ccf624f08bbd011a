import { LRUCache } from 'lru-cache'
import type { CacheEntry } from './entry.ts'
import { Flights, type Flight } from './flights.ts'
import { Invalidations } from './invalidations.ts'
import { MemoryStore } from './memory/memory-store.ts'
import type { ResolvedOptions } from './options/plugin-options.ts'
import type { Lookup, PurgeMode } from './store.ts'
import { newCounters, type Counters } from './stats.ts'

/** Keys that turned out not to be cacheable are remembered that long, so that nobody waits for their answers. */
const PASS_MS = 60_000
const MAX_PASSES = 10_000

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
  readonly refreshes: Map<string, Refresh> = new Map<string, Refresh>()
  readonly counters: Counters = newCounters()
  readonly now: () => number
  readonly #passes = new LRUCache<string, number>({ max: MAX_PASSES })

  constructor(options: ResolvedOptions) {
    this.options = options
    this.now = options.now
    this.memory = new MemoryStore({ ...options.memory, now: options.now, invalidations: this.invalidations })
    this.flights = new Flights(options.coalesceWaitMs)
  }

  /** Whether the last answer under this key could not be kept. */
  passes(key: string): boolean {
    const until = this.#passes.get(key)
    if (until === undefined) return false
    if (this.now() < until) return true
    this.#passes.delete(key)
    return false
  }

  /** Remembers, or forgets, that answers under this key cannot be kept. */
  setPasses(key: string, passes: boolean): void {
    if (passes) this.#passes.set(key, this.now() + PASS_MS)
    else this.#passes.delete(key)
  }

  /** Keeps what a fetch brought, unless a purge overtook it, and lets those who wait for it look again. */
  keep(lookup: Lookup, slot: string, entry: CacheEntry, flight: Flight): void {
    if (flight.purged) {
      this.flights.land(flight, 'abandoned')
      return
    }
    this.memory.put(lookup, slot, entry)
    this.counters.stores += 1
    this.flights.land(flight, 'stored')
  }

  /** Removes what is kept for this request in that slot. */
  drop(lookup: Lookup, slot: string): void {
    this.memory.delete(this.memory.keyOf(lookup, slot))
  }

  /** Makes all answers of a resource unusable or stale, those under way too. */
  invalidate(resource: string, mode: PurgeMode): void {
    this.memory.invalidate(resource, mode)
    this.flights.purge((flying) => flying === resource)
  }
}
