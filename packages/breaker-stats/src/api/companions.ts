import type { FastifyInstance } from 'fastify'

/** What other plugins count. They are found by their decorators, never imported, and each may be missing. */
export interface Companions {
  readonly cache?: CacheStats
  readonly retry?: readonly UpstreamStats[]
  readonly auth?: KeyStats
  readonly rateLimits?: LimitStats
}

export interface CacheStats {
  readonly hits: number
  readonly misses: number
  readonly stale: number
  readonly revalidated: number
  readonly bypass: number
  readonly coalesced: number
  readonly stores: number
  readonly evictions: number
  readonly errors: number
  readonly memory: { readonly bytes: number; readonly entries: number; readonly maxBytes: number }
  readonly redis?: { readonly state: 'up' | 'down'; readonly hits: number; readonly errors: number }
}

export interface UpstreamStats {
  readonly name: string
  readonly requests: number
  readonly attempts: number
  readonly retries: number
  readonly hedges: number
  /** Null where neither retries nor hedges are on. */
  readonly retryBudget: { readonly available: number; readonly exhausted: number } | null
  readonly origins: readonly {
    readonly origin: string
    readonly state?: string
    readonly active: number
    readonly requests: number
    readonly failures: number
    readonly ejected: boolean
    readonly healthy: boolean
    readonly weight: number
  }[]
  readonly errors: Readonly<Record<string, number>>
}

export interface KeyStats {
  readonly accepted: number
  readonly refused: Readonly<Record<string, number>>
  readonly storeErrors: number
}

export interface LimitStats {
  readonly allowed: number
  readonly limited: number
  /** Name of a limit → how often it was exceeded. */
  readonly exceeded: Readonly<Record<string, number>>
  /** Whether this instance counts for itself, since Redis does not answer. */
  readonly degraded: boolean
  readonly storeErrors: number
}

interface Counted<T> {
  stats(): T
}

interface Decorators {
  readonly responseCache?: Counted<CacheStats>
  readonly upstreams?: ReadonlyMap<string, Counted<UpstreamStats>>
  readonly apiKeys?: Counted<KeyStats>
  readonly rateLimits?: Counted<LimitStats>
}

export function readCompanions(app: FastifyInstance): Companions {
  const { responseCache, upstreams, apiKeys, rateLimits } = app as unknown as Decorators
  return {
    ...(responseCache === undefined ? {} : { cache: responseCache.stats() }),
    ...(upstreams === undefined ? {} : { retry: Array.from(upstreams.values(), (one) => one.stats()) }),
    ...(apiKeys === undefined ? {} : { auth: apiKeys.stats() }),
    ...(rateLimits === undefined ? {} : { rateLimits: rateLimits.stats() }),
  }
}
