import type { CacheEntry } from './entry.ts'
import type { CacheRequest } from './rules/message.ts'

/** What a request looks for. */
export interface Lookup {
  /** Path and normalised query: what a purge by URL names. */
  readonly resource: string
  /** Where its answer may lie, most private first: host, key headers and partition, each as one unambiguous tuple. */
  readonly slots: readonly string[]
  /** The request, from whose header fields a resource's `Vary` selects. */
  readonly request: CacheRequest
  /** What the answers of this route named in `Vary` when last seen: a guess that spares a question. */
  readonly hint: { vary: readonly string[] }
  /** What a shared tier found its resource to be: what is written for this request later must still stand on that. */
  seen?: string | undefined
}

/** `hard`: gone. `soft`: stale from now on, still good for validation and in place of an error. */
export type PurgeMode = 'hard' | 'soft'

/**
 * One tier. A store keeps entries under `slot + selection + resource`, where the selection is made of the request
 * headers that the resource's answers have named in `Vary`. It knows nothing of freshness and gives out stale
 * entries, but none that are past keeping or purged.
 * Methods may answer at once or by a promise, and never throw or reject for a store that is broken: what cannot be read
 * is absent, what cannot be written is dropped.
 */
export interface CacheStore {
  /** The entry in the first of the slots that has one, or undefined. */
  find(lookup: Lookup): CacheEntry | undefined | Promise<CacheEntry | undefined>
  /** Keeps an entry, in place of the one that the same request would find in that slot. */
  put(lookup: Lookup, slot: string, entry: CacheEntry): void | Promise<void>
  /** Keeps an entry under a key, as `keyOf` gives it. */
  set(key: string, entry: CacheEntry): void | Promise<void>
  /** By key. */
  get(key: string): CacheEntry | undefined | Promise<CacheEntry | undefined>
  /** Whether there was one. */
  delete(key: string): boolean | Promise<boolean>
  /** All entries of one resource. */
  invalidate(resource: string, mode: PurgeMode): void | Promise<void>
}
