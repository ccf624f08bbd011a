import type { CacheStats, Companions, KeyStats, LimitStats, UpstreamStats } from '../api/companions.ts'
import { labelText, type Exposition, type MetricType } from './exposition.ts'

/** What the other plugins count, under the names that their fields of work use. */
export function writeCompanions(
  exposition: Exposition,
  { cache, retry, auth, rateLimits }: Companions,
): void {
  if (retry !== undefined && retry.length > 0) writeRetries(exposition, retry)
  if (cache !== undefined) writeCache(exposition, cache)
  if (auth !== undefined) writeKeys(exposition, auth)
  if (rateLimits !== undefined) writeLimits(exposition, rateLimits)
}

function writeRetries(exposition: Exposition, upstreams: readonly UpstreamStats[]): void {
  const family = (
    name: string,
    type: MetricType,
    help: string,
    value: (upstream: UpstreamStats) => number | undefined,
  ): void => {
    exposition.family(name, type, help)
    for (const upstream of upstreams) {
      const current = value(upstream)
      if (current !== undefined) exposition.sample(current, labelText({ service: upstream.name }))
    }
  }
  family('gateway_proxy_retries_total', 'counter', 'Attempts after the first.', ({ retries }) => retries)
  family('gateway_proxy_hedges_total', 'counter', 'Attempts beside another one.', ({ hedges }) => hedges)
  if (upstreams.every(({ retryBudget }) => retryBudget === null)) return
  family(
    'retry_budget_exhausted_total',
    'counter',
    'Retries that the budget did not allow.',
    ({ retryBudget }) => retryBudget?.exhausted,
  )
  family(
    'retry_budget_available',
    'gauge',
    'Retries that the budget allows now.',
    ({ retryBudget }) => retryBudget?.available,
  )
}

function writeCache(exposition: Exposition, cache: CacheStats): void {
  exposition.family(
    'response_cache_requests_total',
    'counter',
    'Requests of cached routes, by what the cache did.',
  )
  const results = {
    hit: cache.hits,
    miss: cache.misses,
    stale: cache.stale,
    revalidated: cache.revalidated,
    bypass: cache.bypass,
  }
  for (const [result, count] of Object.entries(results)) exposition.sample(count, labelText({ result }))
  single(
    exposition,
    'response_cache_coalesced_total',
    'counter',
    'Requests that waited for the answer to another.',
    cache.coalesced,
  )
  single(exposition, 'response_cache_stores_total', 'counter', 'Responses stored.', cache.stores)
  single(
    exposition,
    'response_cache_evictions_total',
    'counter',
    'Responses evicted from memory.',
    cache.evictions,
  )
  single(
    exposition,
    'response_cache_errors_total',
    'counter',
    'Failures of the cache; no request fails by them.',
    cache.errors,
  )
  single(exposition, 'response_cache_memory_bytes', 'gauge', 'Memory in use.', cache.memory.bytes)
  single(
    exposition,
    'response_cache_memory_max_bytes',
    'gauge',
    'Memory that may be used.',
    cache.memory.maxBytes,
  )
  single(exposition, 'response_cache_memory_entries', 'gauge', 'Responses in memory.', cache.memory.entries)
  if (cache.redis !== undefined) {
    single(
      exposition,
      'response_cache_redis_up',
      'gauge',
      'Whether Redis answers.',
      cache.redis.state === 'up' ? 1 : 0,
    )
  }
}

function writeKeys(exposition: Exposition, { accepted, refused, storeErrors }: KeyStats): void {
  exposition.family(
    'api_key_requests_total',
    'counter',
    'Requests that needed an API key, by what became of them.',
  )
  for (const [result, count] of Object.entries({ accepted, ...refused }))
    exposition.sample(count, labelText({ result }))
  single(exposition, 'api_key_store_errors_total', 'counter', 'Failures to look a key up.', storeErrors)
}

function writeLimits(exposition: Exposition, { allowed, limited, degraded, storeErrors }: LimitStats): void {
  exposition.family(
    'rate_limit_requests_total',
    'counter',
    'Requests of limited routes, by what became of them.',
  )
  for (const [result, count] of Object.entries({ allowed, limited }))
    exposition.sample(count, labelText({ result }))
  single(
    exposition,
    'rate_limit_degraded',
    'gauge',
    'Whether this instance counts for itself alone.',
    degraded ? 1 : 0,
  )
  single(
    exposition,
    'rate_limit_store_errors_total',
    'counter',
    'Questions that Redis did not answer.',
    storeErrors,
  )
}

function single(exposition: Exposition, name: string, type: MetricType, help: string, value: number): void {
  exposition.family(name, type, help)
  exposition.sample(value)
}
