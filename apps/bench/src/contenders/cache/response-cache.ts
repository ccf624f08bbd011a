/** `@sluice/response-cache` in front of the direct path. */
import { responseCache } from '@sluice/response-cache'
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface CacheSettings extends ProxySettings {
  /** Every hit comes from this Redis: the memory tier is given room for no answer. */
  readonly redis?: number
}

const { upstream: origins, redis } = settings() as CacheSettings
const upstream = createUpstream({ name: 'bench', origins, breaker: false })
const app = fastify()
await app.register(
  responseCache,
  redis === undefined ? {} : { redis: new Redis(redis), memory: { maxEntryBytes: 1 } },
)
await app.register(directProxy, { upstream, config: { responseCache: true } })
await listen(app)
