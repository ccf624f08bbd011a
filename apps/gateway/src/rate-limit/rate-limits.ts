import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
  onRequestHookHandler,
} from 'fastify'
import fp from 'fastify-plugin'
import type { Cluster, Redis } from 'ioredis'
import { findTightest, seconds, setLimitHeaders } from './headers.ts'
import { parseLimits, RateLimitConfigurationError, type LimitOptions, type LimitProblem } from './limit.ts'
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
 * Rate limits on routes, several at once if need be: the tightest decides. Requests for which there is no route are held
 * against the general ones.
 *
 * Register it behind `@sluice/api-key-auth`: limits by client then go by key, and a limit in the record of a key takes
 * the place of the general one.
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
  const stats = new LimitStats(counter)
  app.decorate('rateLimits', { stats: () => stats.read() })

  const byClient = everywhere
    .filter(({ by }) => by === 'client')
    .map((limit) => limitCheck(limit, 'everywhere'))
  const others = everywhere
    .filter(({ by }) => by !== 'client')
    .map((limit) => limitCheck(limit, 'everywhere'))
  const general = new RequestLimits(counter, [...others, ...byClient.map(unlessOwnLimit), keyCheck])
  const forRoute = (name: string, limits: readonly LimitOptions[]): RequestLimits => {
    const found: LimitProblem[] = []
    const parsed = parseLimits(limits, name, 'limits', found)
    if (found.length > 0) throw new RateLimitConfigurationError(`Rate limits of ${name}`, found)
    return new RequestLimits(counter, [
      ...others,
      ...parsed.map((limit) => limitCheck(limit, 'route')),
      keyCheck,
    ])
  }

  app.addHook('onRoute', (route) => {
    const config = route.config?.rateLimits
    if (config === false) return
    const limits = config === undefined ? general : forRoute(config.name, config.limits)
    const present = route.onRequest === undefined ? [] : [route.onRequest].flat()
    route.onRequest = [...present, limitHook(limits, stats)] as onRequestHookHandler[]
  })
  limitUnknownRoutes(app, limitHook(general, stats))
}

/** Whoever tries paths until one is there counts like any other client; nothing but an instance's hooks runs for these. */
function limitUnknownRoutes(app: FastifyInstance, limit: onRequestHookHandler): void {
  app.addHook('onRequest', function limitUnknown(request, reply, done) {
    if (request.is404) limit.call(this, request, reply, done)
    else done()
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

function limitHook(limits: RequestLimits, stats: LimitStats): onRequestHookHandler {
  return function limitRate(request, reply, done) {
    // The cache asks again on behalf of a request that was counted when it came.
    if (request.cacheRefresh) return done()
    const outcomes = limits.check(request)
    if (outcomes instanceof Promise) {
      outcomes.then((later) => conclude(stats, request, reply, later, done), done)
    } else conclude(stats, request, reply, outcomes, done)
  }
}

function conclude(
  stats: LimitStats,
  request: FastifyRequest,
  reply: FastifyReply,
  outcomes: readonly Outcome[],
  done: HookHandlerDoneFunction,
): void {
  stats.count(outcomes)
  const effective = outcomes.some(isShadow) ? withoutShadows(request, outcomes) : outcomes
  const tightest = findTightest(effective)
  if (tightest !== undefined) setLimitHeaders(reply, effective, tightest)
  if (tightest?.exceeded === true) refuse(request, reply, tightest)
  else done()
}

function isShadow({ limit }: Outcome): boolean {
  return limit.shadow
}

/** Tells the log what those in shadow mode would have done; the others decide. */
function withoutShadows(request: FastifyRequest, outcomes: readonly Outcome[]): readonly Outcome[] {
  for (const { limit, exceeded } of outcomes) {
    if (exceeded && limit.shadow) {
      request.log.info({ limit: limit.name }, 'a rate limit in shadow mode is exceeded')
    }
  }
  return outcomes.filter((outcome) => !isShadow(outcome))
}

function refuse(request: FastifyRequest, reply: FastifyReply, { limit, resetMs }: Outcome): void {
  const retryAfter = seconds(resetMs)
  void reply
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
