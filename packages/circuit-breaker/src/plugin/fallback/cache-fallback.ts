import type { FastifyRequest } from 'fastify'
import type { FallbackSource } from './fallback.ts'

/** What this fallback needs of the cache plugin, which is found by its decorator alone. */
export interface LastGoodAnswers {
  lastGood(request: FastifyRequest): Promise<LastGoodAnswer | undefined>
}

interface LastGoodAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  readonly ageSeconds: number
}

/** The last good answer to the same request, however old. Its cookies were another answer's and stay behind. */
export function cacheFallback(cache: LastGoodAnswers): FallbackSource {
  return async (_error, { request }) => {
    const stored = await cache.lastGood(request)
    if (stored === undefined) return undefined
    const { 'set-cookie': _, ...headers } = stored.headers
    const age = String(Math.max(0, Math.floor(stored.ageSeconds)))
    return {
      status: stored.status,
      headers: { ...headers, age, 'x-cache': 'STALE', 'cache-control': 'no-store' },
      payload: stored.body,
    }
  }
}
