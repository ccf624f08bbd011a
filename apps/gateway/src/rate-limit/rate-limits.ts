import rateLimit from '@fastify/rate-limit'
import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
} from 'fastify'
import fp from 'fastify-plugin'
import type { Cluster, Redis } from 'ioredis'
import { findTightest, seconds, setLimitHeaders } from './headers.ts'
import { parseLimits, RateLimitConfigurationError, type LimitOptions, type LimitProblem } from './limit.ts'
import { limitStore } from './limit-store.ts'
import { LimitStats, type RateLimitStats } from './limit-stats.ts'
import { MemoryCounter } from './memory-counter.ts'
import { RedisCounter } from './redis-counter.ts'
import { keyCheck, limitCheck, RequestLimits, unlessOwnLimit, type Outcome } from './request-limits.ts'
import { ResilientCounter } from './resilient-counter.ts'
import type { WindowCounter } from './window-counter.ts'

export interface RateLimitsOptions {
  /** Counts for all instances together; without it each instance counts for itself. Left open. */
  readonly redis?: Redis | Cluster | undefined
  /** Limits that hold on every route. Default none. */
  readonly limits?: readonly LimitOptions[]
  /** How long a request may wait for Redis before limits are counted locally. Default 50. */
  readonly timeoutMs?: number
  /** Keys counted in memory, 1 or more. Default 100000. */
  readonly maxKeys?: number
}

/**
 * What a route or a service says: its own limits in place of those by client that hold everywhere, or `false` for none at
 * all. Routes with one `name` count together.
 */
export type RouteRateLimits = false | { readonly name: string; readonly limits: readonly LimitOptions[] }

declare module 'fastify' {
  interface FastifyInstance {
    rateLimits: { stats(): RateLimitStats }
  }
  interface FastifyContextConfig {
    rateLimits?: RouteRateLimits
  }
}

/**
 * Rate limits on routes, several at once if need be: the tightest decides.
 *
 * `@fastify/rate-limit` is the engine of each limit, with a store of ours. Register it behind `@sluice/api-key-auth`:
 * limits by client then go by key, and a limit in the record of a key takes the place of the general one.
 *
 * @throws RateLimitConfigurationError at start-up, with everything that is wrong in the limits
 */
export const rateLimits: FastifyPluginAsync<RateLimitsOptions> = fp(register, {
  fastify: '5.x',
  name: 'sluice-rate-limits',
})

async function register(app: FastifyInstance, options: RateLimitsOptions): Promise<void> {
  const problems: LimitProblem[] = []
  const everywhere = parseLimits(options.limits ?? [], 'default', 'limits', problems)
  if (problems.length > 0) throw new RateLimitConfigurationError('Rate limits', problems)
  const counter = openCounter(app, options)
  await app.register(rateLimit, { global: false, store: limitStore(counter) })
  const stats = new LimitStats(counter)
  app.decorate('rateLimits', { stats: () => stats.read() })

  const byClient = everywhere
    .filter(({ by }) => by === 'client')
    .map((limit) => limitCheck(app, counter, limit, 'everywhere'))
  const others = everywhere
    .filter(({ by }) => by !== 'client')
    .map((limit) => limitCheck(app, counter, limit, 'everywhere'))
  const own = keyCheck(app, counter)
  const general = new RequestLimits([...others, ...byClient.map(unlessOwnLimit), own])
  const forRoute = (name: string, limits: readonly LimitOptions[]): RequestLimits => {
    const found: LimitProblem[] = []
    const parsed = parseLimits(limits, name, 'limits', found)
    if (found.length > 0) throw new RateLimitConfigurationError(`Rate limits of ${name}`, found)
    return new RequestLimits([
      ...others,
      ...parsed.map((limit) => limitCheck(app, counter, limit, 'route')),
      own,
    ])
  }

  app.addHook('onRoute', (route) => {
    const config = route.config?.rateLimits
    if (config === false) return
    const limits = config === undefined ? general : forRoute(config.name, config.limits)
    const present = route.onRequest === undefined ? [] : [route.onRequest].flat()
    route.onRequest = [...present, limitHook(limits, stats)] as onRequestAsyncHookHandler[]
  })
}

function openCounter(app: FastifyInstance, options: RateLimitsOptions): WindowCounter {
  const local = new MemoryCounter(options.maxKeys)
  if (options.redis === undefined) return local
  return new ResilientCounter(new RedisCounter(options.redis), local, {
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    onChange: (up, error) => {
      if (up) app.log.info('rate limits are counted in Redis again')
      else app.log.warn({ err: error }, 'rate limits are counted by each instance for itself')
    },
  })
}

function limitHook(limits: RequestLimits, stats: LimitStats): onRequestAsyncHookHandler {
  return async function limitRate(request, reply) {
    // The cache asks again on behalf of a request that was counted when it came.
    if (request.cacheRefresh) return undefined
    const outcomes = await limits.check(request)
    stats.count(outcomes)
    for (const { limit, exceeded } of outcomes) {
      if (limit.shadow && exceeded) {
        request.log.info({ limit: limit.name }, 'a rate limit in shadow mode is exceeded')
      }
    }
    const effective = outcomes.filter(({ limit }) => !limit.shadow)
    const tightest = findTightest(effective)
    if (tightest === undefined) return undefined
    setLimitHeaders(reply, effective, tightest)
    return tightest.exceeded ? refuse(request, reply, tightest) : undefined
  }
}

function refuse(request: FastifyRequest, reply: FastifyReply, { limit, resetMs }: Outcome): FastifyReply {
  const retryAfter = seconds(resetMs)
  return reply
    .code(429)
    .header('retry-after', retryAfter)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
        detail: `The limit "${limit.name}" is exceeded`,
        code: 'SLUICE_RATE_LIMITED',
        limit: limit.name,
        retryAfter,
        requestId: request.id,
      }),
    )
}
