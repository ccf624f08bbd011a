import type { Companions } from '../api/companions.ts'
import type { Panels } from './protocol.ts'

export function toPanels({ cache, retry, auth, rateLimits }: Companions): Panels {
  return {
    cache:
      cache === undefined
        ? null
        : {
            hits: cache.hits,
            misses: cache.misses,
            stale: cache.stale,
            coalesced: cache.coalesced,
            errors: cache.errors,
            entries: cache.memory.entries,
            bytes: cache.memory.bytes,
            maxBytes: cache.memory.maxBytes,
            redis: cache.redis?.state ?? null,
          },
    retry: retry === undefined ? null : budgets(retry),
    refused: auth === undefined && rateLimits === undefined ? null : refusals(auth, rateLimits),
  }
}

/** Of the upstreams that may send a request again. */
function budgets(upstreams: NonNullable<Companions['retry']>): Panels['retry'] {
  return upstreams.flatMap(({ name, requests, retries, retryBudget }) =>
    retryBudget === null
      ? []
      : [
          {
            upstream: name,
            requests,
            retries,
            available: Math.floor(retryBudget.available),
            exhausted: retryBudget.exhausted,
          },
        ],
  )
}

function refusals(auth: Companions['auth'], rateLimits: Companions['rateLimits']): Record<string, number> {
  const refused: Record<string, number> = {}
  for (const [reason, count] of Object.entries(auth?.refused ?? {}))
    refused[reason === 'scope' ? 'keys without the scope' : `${reason} keys`] = count
  if (rateLimits !== undefined) refused['over the rate limit'] = rateLimits.limited
  return refused
}
