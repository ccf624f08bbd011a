import type { Cache } from './cache.ts'

/** What the cache has done since it started. */
export interface Counters {
  /** Answers given from the cache while fresh, 304 and 206 included. */
  hits: number
  /** Requests that the origin answered, because nothing usable was there. */
  misses: number
  /** Answers given although stale: while refreshing, or in place of an error. */
  stale: number
  /** Answers that the origin confirmed with 304. */
  revalidated: number
  /** Requests that the cache had no say in: method, conditions, an absurd key. */
  bypass: number
  /** Requests that waited for another's fetch and were given its answer; they count as hits too. */
  coalesced: number
  stores: number
  /** What could not be kept or read: bodies that broke off, corrupt entries. Never a failed request. */
  errors: number
}

/** `app.responseCache.stats()`. */
export interface ResponseCacheStats extends Readonly<Counters> {
  /** Entries that the memory tier pushed out for want of room. */
  readonly evictions: number
  readonly memory: { readonly bytes: number; readonly entries: number; readonly maxBytes: number }
  /** Only with Redis. */
  readonly redis?: RemoteStats
}

export interface RemoteStats {
  readonly state: 'up' | 'down'
  readonly hits: number
  /** Commands that failed or came too late, and entries that could not be read. */
  readonly errors: number
}

export function newCounters(): Counters {
  return { hits: 0, misses: 0, stale: 0, revalidated: 0, bypass: 0, coalesced: 0, stores: 0, errors: 0 }
}

export function statsOf({ counters, memory, options, remote }: Cache): ResponseCacheStats {
  return {
    ...counters,
    evictions: memory.evictions,
    memory: { bytes: memory.bytes, entries: memory.size, maxBytes: options.memory.maxBytes },
    ...(remote === undefined ? {} : { redis: remote.stats() }),
  }
}
