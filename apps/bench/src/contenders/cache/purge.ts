/** One of several instances that share a Redis: purges an answer, or watches until its own memory has lost it. */
import { setTimeout as delay } from 'node:timers/promises'
import { responseCache } from '@sluice/response-cache'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { announce, settings } from '../../child.ts'

/** `keep` first, by all; then `watch` by one, and `purge` by another while it does. */
export type PurgeQuestion = 'keep' | 'watch' | 'purge'

const app = fastify()
await app.register(responseCache, { redis: new Redis((settings() as { readonly redis: number }).redis) })
await app.ready()
const cache = app.responseCache
const key = cache.keyOf({ url: '/purged' })

announce({}, async (question) => {
  switch (question as PurgeQuestion) {
    case 'keep':
      while (cache.stats().redis?.state !== 'up') await delay(1)
      await cache.set(key, { body: 'soup', ttl: 3_600_000, tags: ['soup'] })
      return undefined
    case 'watch':
      while ((await cache.get(key)) !== undefined) await delay(1)
      return now()
    case 'purge': {
      const at = now()
      await cache.purge({ tag: 'soup' })
      return at
    }
  }
})

/** One clock for all processes, ms. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
