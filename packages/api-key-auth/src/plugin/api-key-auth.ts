import type { FastifyInstance, FastifyPluginAsync, onRequestHookHandler, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { ApiKeys } from '../api-keys.ts'
import { ApiKeyConfigurationError, type ConfigurationProblem } from '../problems.ts'
import { BadKeyThrottle } from '../verify/bad-key-throttle.ts'
import { createGuard, createIdentityGuard, type GuardContext } from './guard.ts'
import { LastUsed } from './last-used.ts'
import { describeSecurity, markRoute } from './openapi.ts'
import { parseOptions, type ApiKeyAuthOptions, type ResolvedOptions } from './options.ts'
import { createRefusals } from './refusal.ts'
import type { ApiKey } from './request-api-key.ts'
import { parseRouteRule, type RouteApiKey, type RouteRule } from './route-rule.ts'

declare module 'fastify' {
  interface FastifyInstance {
    apiKeys: ApiKeys
  }
  interface FastifyRequest {
    /** Whose key the request came with; null on routes without authentication, and where it is optional and absent. */
    apiKey: ApiKey | null
  }
  interface FastifyContextConfig {
    apiKey?: RouteApiKey
  }
}

/**
 * Authenticates requests by API keys, route by route: `config.apiKey` says what a route asks for.
 *
 * Rules hang on routes, never on URLs, so there is no second spelling of a path that goes round them.
 *
 * @throws ApiKeyConfigurationError at start-up, with everything that is wrong in the options or in a route's `config.apiKey`
 */
export const apiKeyAuth: FastifyPluginAsync<ApiKeyAuthOptions> = fp(register, {
  fastify: '5.x',
  name: '@sluice/api-key-auth',
})

async function register(app: FastifyInstance, given: ApiKeyAuthOptions): Promise<void> {
  const options = parseOptions(given)
  warnOfWeakPlaces(app, options)
  const keys = openKeys(app, options)
  app.decorate('apiKeys', keys)
  app.decorateRequest('apiKey', null)
  const lastUsed = followUses(app, keys, options)
  describeSecurity(app, options)
  addGuards(app, options, {
    keys,
    lastUsed,
    sources: {
      header: options.header,
      bearer: options.bearer,
      cookie: options.cookie,
      query: options.query,
      foreignKeys: () => options.foreignKeys ?? keys.store.foreignKeys ?? false,
    },
    throttle: options.throttle === false ? undefined : new BadKeyThrottle(options.throttle),
    refusals: createRefusals(options.realm, options.bearer),
    forward: options.forward,
    identityHeaders: options.identityHeaders,
  })
}

/** Those of another app, or those of a store that is this app's to watch and to close. */
function openKeys(app: FastifyInstance, options: ResolvedOptions): ApiKeys {
  const { store } = options
  if (store instanceof ApiKeys) return store
  const keys = new ApiKeys({ ...options, store })
  keys.on('storeDegraded', ({ error }) => app.log.error({ err: error }, 'API keys are no longer followed'))
  keys.on('storeRecovered', () => app.log.info('API keys are followed again'))
  app.addHook('onClose', () => keys.close())
  return keys
}

function addGuards(app: FastifyInstance, options: ResolvedOptions, context: GuardContext): void {
  const identityGuard = createIdentityGuard(context)
  app.addHook('onRoute', (route) => {
    const rule = routeRule(route, options)
    if (rule === false) return append(route, identityGuard)
    append(route, createGuard(context, rule))
    if (app.hasDecorator('swagger')) markRoute(route, rule)
  })
}

function routeRule(route: RouteOptions, options: ResolvedOptions): RouteRule | false {
  const value = route.config?.apiKey
  if (value === undefined) return options.default
  const problems: ConfigurationProblem[] = []
  const rule = parseRouteRule(value, 'config.apiKey', problems)
  if (problems.length > 0)
    throw new ApiKeyConfigurationError(`Route ${String(route.method)} ${route.url}`, problems)
  return rule
}

/** Behind the hooks that are there: plugins run in the order in which they were registered. */
function append(route: RouteOptions, hook: onRequestHookHandler): void {
  const present = route.onRequest === undefined ? [] : [route.onRequest].flat()
  route.onRequest = [...present, hook] as onRequestHookHandler[]
}

function followUses(
  app: FastifyInstance,
  keys: ApiKeys,
  { lastUsedMs }: ResolvedOptions,
): LastUsed | undefined {
  if (lastUsedMs === false) return undefined
  const lastUsed = new LastUsed(keys.store)
  const timer = setInterval(() => void lastUsed.flush(), lastUsedMs).unref()
  // Hooks of onClose run last registered first: this one has to come after the one that closes the store.
  app.addHook('preClose', async () => {
    clearInterval(timer)
    await lastUsed.flush()
  })
  return lastUsed
}

function warnOfWeakPlaces(app: FastifyInstance, { query, cookie }: ResolvedOptions): void {
  if (query !== false) app.log.warn('API keys in URLs end up in logs, histories and Referer headers')
  if (cookie !== false)
    app.log.warn('API keys in cookies travel by themselves: guard against cross-site requests')
}
