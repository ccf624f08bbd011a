import { responseCache } from '@sluice/response-cache'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import type { GatewayConfig, ServiceConfig } from './config/types.ts'

/** Registers the cache where a service asks for it: in memory, and in Redis as soon as there is one. */
export async function addCache(
  app: FastifyInstance,
  config: GatewayConfig,
  redis: Redis | Cluster | undefined,
): Promise<void> {
  if (!Object.values(config.services).some((service) => routeCache(config, service) !== false)) return
  await app.register(responseCache, { memory: config.cache, ...(redis !== undefined && { redis }) })
}

/** The caching of a service's routes: its own options over the defaults, or none. */
export function routeCache(
  { defaults }: GatewayConfig,
  { responseCache: own = defaults.responseCache ?? false }: ServiceConfig,
): NonNullable<FastifyContextConfig['responseCache']> {
  if (own === false) return false
  const base = typeof defaults.responseCache === 'object' ? defaults.responseCache : {}
  return typeof own === 'object' ? { ...base, ...own } : { ...base }
}
