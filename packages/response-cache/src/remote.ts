import type { CacheEntry } from './entry.ts'
import type { Flight, Landing } from './flights.ts'
import type { Invalidation, Invalidations } from './invalidations.ts'
import type { RemoteStats } from './stats.ts'
import type { CacheStore, Lookup, PurgeMode } from './store.ts'

/** What a remote tier needs of the process it works for, and tells it. */
export interface RemoteHost {
  readonly now: () => number
  /** Shared by both tiers. The remote tier notes what other instances purge. */
  readonly invalidations: Invalidations
  /** How long a request may wait for another instance's fetch, ms. */
  readonly waitMs: number
  /** Another instance has invalidated this resource. */
  invalidated(resource: string, mode: PurgeMode): void
  /** Invalidations were missed, and nobody knows which: what is in memory may be older than any of them. */
  missed(): void
}

/** The right to fetch for all instances, or how the fetch of whoever had it ended. */
export type Lease =
  | { readonly kind: 'held'; end(landing: Landing): void }
  | { readonly kind: 'landed'; readonly landing: Landing }
  /** Another has it, and is not waited for. */
  | { readonly kind: 'taken' }
  /** Nobody could be asked. */
  | { readonly kind: 'none' }

/** The tier that instances share. Nothing here rejects, throws, or takes long: it is then as if it were empty. */
export interface RemoteTier extends CacheStore {
  /** `down`: not asked at all for now. */
  readonly state: RemoteStats['state']
  put(lookup: Lookup, slot: string, entry: CacheEntry): Promise<void>
  /** Gives an invalidation to all instances. */
  note(invalidation: Pick<Invalidation, 'scope' | 'value' | 'mode'>): Promise<void>
  /** With `wait`: waits for another instance's fetch, if there is one; else that is `taken`. */
  lease(flight: Pick<Flight, 'resource' | 'place'>, wait: boolean): Promise<Lease>
  stats(): RemoteStats
  close(): Promise<void>
}

export type RemoteTierFactory = (host: RemoteHost) => RemoteTier
