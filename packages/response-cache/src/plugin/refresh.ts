import type { CacheEntry } from '../entry.ts'
import type { RouteRules } from '../options/route-options.ts'
import type { Visit } from './visit.ts'

/**
 * Whether a fresh entry is to be refreshed already: by chance, the likelier the less is left and the longer its fetch
 * took, so that of many requests one goes ahead (optimal probabilistic cache stampede prevention, "XFetch").
 */
export function isDueEarly({ fetchMs }: CacheEntry, ttlMs: number, { earlyRefresh }: RouteRules): boolean {
  return earlyRefresh > 0 && -Math.log(Math.random()) * earlyRefresh * fetchMs >= ttlMs
}

/** Fetches a newer answer beside the request that was given this one. */
export function refresh(_visit: Visit, _entry: CacheEntry): void {}
