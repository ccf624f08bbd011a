import { readFileSync } from 'node:fs'
import {
  createUpstream,
  directProxy,
  type RetryOptions,
  type Upstream,
  type UpstreamOptions,
} from '@sluice/upstream'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { breakerOf, routeBreaker } from './breakers.ts'
import { routeCache } from './cache.ts'
import type { GatewayConfig, ServiceConfig } from './config/types.ts'
import { routeLimits } from './limits.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The gateway's upstreams by service. */
    upstreams: ReadonlyMap<string, Upstream>
  }
}

/** An empty table of upstreams, known to the parts that show them. */
export function addUpstreams(app: FastifyInstance): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>()
  app.decorate('upstreams', upstreams)
  app.addHook('onClose', async () => {
    await Promise.all([...upstreams.values()].map((upstream) => upstream.close()))
  })
  return upstreams
}

/** Puts every service behind its prefix. */
export async function addServices(
  app: FastifyInstance,
  config: GatewayConfig,
  upstreams: Map<string, Upstream>,
): Promise<void> {
  for (const [name, service] of Object.entries(config.services)) {
    const upstream = createUpstream(upstreamOptions(app, config, name, service))
    upstreams.set(name, upstream)
    await app.register(directProxy, {
      prefix: service.prefix,
      rewritePrefix: service.stripPrefix ? '' : service.prefix,
      upstream,
      bodyLimit: config.server.bodyLimit,
      websocket: service.websocket,
      config: routeConfig(config, name, service),
    })
  }
}

/** What the plugins read on the routes of one service. */
function routeConfig(config: GatewayConfig, name: string, service: ServiceConfig): FastifyContextConfig {
  return {
    circuitBreaker: routeBreaker(config, name, service),
    responseCache: routeCache(config, service),
    ...(config.auth !== undefined && { apiKey: service.apiKey ?? true }),
    ...routeLimits(name, service),
  }
}

function upstreamOptions(
  app: FastifyInstance,
  config: GatewayConfig,
  name: string,
  service: ServiceConfig,
): UpstreamOptions {
  const breaker = breakerOf(config, service)
  const totalMs = breaker === false ? undefined : breaker.timeoutMs
  return {
    name,
    origins: service.upstream,
    breaker: breaker === false ? false : app.circuitBreakers.ensure(name),
    registry: app.circuitBreakers,
    timeouts: { ...(totalMs !== undefined && { totalMs }), ...config.defaults.timeouts, ...service.timeouts },
    retry: retryOf(config.defaults.retry, service.retry),
    ...pick(service, 'balance', 'health', 'http2', 'dns', 'honorRetryAfter'),
    ...switches(service, 'hedge', 'outlier', 'slowStart'),
    ...(service.tls !== undefined && { tls: readTls(service.tls) }),
  }
}

/** Retries are off unless the service or the defaults ask for them. */
function retryOf(
  defaults: RetryOptions | boolean | undefined,
  own: RetryOptions | boolean | undefined,
): RetryOptions | false {
  const asked = own ?? defaults ?? false
  if (asked === false) return false
  const base = typeof defaults === 'object' ? defaults : {}
  return typeof asked === 'object' ? { ...base, ...asked } : base
}

function readTls({ ca, cert, key, ...rest }: NonNullable<ServiceConfig['tls']>): object {
  return {
    ...rest,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  }
}

/** The keys that are set. */
function pick<K extends keyof ServiceConfig>(
  service: ServiceConfig,
  ...keys: K[]
): Partial<Pick<ServiceConfig, K>> {
  return Object.fromEntries(
    keys.filter((key) => service[key] !== undefined).map((key) => [key, service[key]]),
  ) as Partial<Pick<ServiceConfig, K>>
}

/** Keys that may be `true` for "with the defaults". */
function switches<K extends 'hedge' | 'outlier' | 'slowStart'>(
  service: ServiceConfig,
  ...keys: K[]
): { [key in K]?: Exclude<ServiceConfig[key], true | undefined> } {
  const set = keys.filter((key) => service[key] !== undefined)
  return Object.fromEntries(set.map((key) => [key, service[key] === true ? {} : service[key]])) as {
    [key in K]?: Exclude<ServiceConfig[key], true | undefined>
  }
}
