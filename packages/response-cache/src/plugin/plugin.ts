import type { FastifyPluginAsync, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { responseCacheApi, type ResponseCache } from '../api.ts'
import { Cache } from '../cache.ts'
import { parseOptions, type ResolvedOptions, type ResponseCacheOptions } from '../options/plugin-options.ts'
import { ResponseCacheOptionsError, type OptionProblem } from '../options/problems.ts'
import { parseRouteOptions, type RouteCacheOptions } from '../options/route-options.ts'
import { tuple } from '../key/tuple.ts'
import { captureHook } from './capture.ts'
import { kExchange } from './exchange.ts'
import { lookupHook } from './lookup.ts'
import { isRefresh } from './refresh.ts'
import { kRoute, newRoute, type CachedRoute } from './route.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Caching of this route's answers; off without it. On a route with other methods: they invalidate what is stored. */
    responseCache?: boolean | RouteCacheOptions
  }
  interface FastifyInstance {
    responseCache: ResponseCache
  }
  interface FastifyRequest {
    /** Whether this is the response cache's own request, made to refresh an answer: a limiter need not count it. */
    readonly cacheRefresh: boolean
  }
}

const plugin: FastifyPluginAsync<ResponseCacheOptions> = async (app, options) => {
  const resolved = parseOptions(options)
  const cache = new Cache(resolved)
  app.decorateRequest(kExchange, null)
  app.decorateRequest('cacheRefresh', {
    getter() {
      return isRefresh(cache, this)
    },
  })
  app.decorate('responseCache', responseCacheApi(cache))
  app.addHook('onClose', () => cache.close())
  app.addHook('onRoute', (route) => {
    const cached = cachedRoute(route, resolved)
    if (cached === undefined) return
    cache.addQueryRule(cached.rules.query)
    // New objects: Fastify makes the HEAD twin of a route from the same options, and asks again.
    route.config = Object.assign({}, route.config, { [kRoute]: cached })
    route.onRequest = [...listed(route.onRequest), lookupHook(cache, cached)]
    route.onSend = [...listed(route.onSend), captureHook(cache, cached)]
  })
}

/**
 * Caches the answers of routes with `config.responseCache` as a shared cache (RFC 9111). Register it after plugins that
 * authenticate and limit, before the routes. Throws `ResponseCacheOptionsError`.
 */
export const responseCache: FastifyPluginAsync<ResponseCacheOptions> = fp(plugin, {
  fastify: '5.x',
  name: '@sluice/response-cache',
})

function cachedRoute(
  { config, constraints, url }: RouteOptions,
  defaults: ResolvedOptions,
): CachedRoute | undefined {
  const wanted: unknown = config?.responseCache
  if (wanted === undefined || wanted === false) return undefined
  const path = `config.responseCache of ${url}`
  const problems: OptionProblem[] = []
  const own = wanted === true ? {} : wanted
  if (typeof own !== 'object' || own === null) {
    throw new ResponseCacheOptionsError([{ path, received: wanted, expected: 'true, false or an object' }])
  }
  const rules = parseRouteOptions({ ...defaults.routeDefaults, ...own }, path, problems)
  if (problems.length > 0) throw new ResponseCacheOptionsError(problems)
  return newRoute(rules, scopeOf(constraints))
}

/** Routes with one URL and different constraints (a version, a header) have different answers. */
function scopeOf(constraints: RouteOptions['constraints']): string {
  const parts = Object.entries(constraints ?? {}).map(([name, value]) => tuple([name, String(value)]))
  return parts.length === 0 ? '' : tuple(parts.sort())
}

function listed<T>(hooks: T | T[] | undefined): T[] {
  if (hooks === undefined) return []
  return Array.isArray(hooks) ? hooks : [hooks]
}
