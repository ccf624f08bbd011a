/** What the cache has done since it started. */
export interface Counters {
  /** Answers given from the cache while fresh, 304 and 206 included. */
  hits: number
  /** Requests that went on to the origin, because nothing was there. */
  misses: number
  /** Answers given although stale: while refreshing, or in place of an error. */
  stale: number
  /** Answers that the origin confirmed with 304. */
  revalidated: number
  /** Requests that the cache had no say in: method, conditions, an absurd key. */
  bypass: number
  /** Requests that waited for another's fetch and were given its answer. */
  coalesced: number
  stores: number
  /** What could not be kept or read: tags, bodies that broke off, corrupt entries. Never a failed request. */
  errors: number
}

export function newCounters(): Counters {
  return { hits: 0, misses: 0, stale: 0, revalidated: 0, bypass: 0, coalesced: 0, stores: 0, errors: 0 }
}
