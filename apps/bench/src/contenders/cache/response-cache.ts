/** `@sluice/response-cache` in front of the direct path. */
import { responseCache } from '@sluice/response-cache'
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface CacheSettings extends ProxySettings {
  /** Port of a Redis behind the memory tier, which is then as small as can be. */
  readonly redis?: number
}

const { upstream: origins, redis } = settings() as CacheSettings
const upstream = createUpstream({ name: 'bench', origins, breaker: false })
const app = fastify()
await app.register(
  responseCache,
  redis === undefined
    ? {}
    : { redis: new Redis(redis, { enableAutoPipelining: true }), memory: { maxBytes: 1024 * 1024 } },
)
await app.register(directProxy, { upstream, config: { responseCache: true } })
await listen(app)
