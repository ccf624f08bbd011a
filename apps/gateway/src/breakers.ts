import { circuitBreaker, type BreakerOptions } from '@sluice/circuit-breaker'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import type { BreakerConfig, FallbackConfig, GatewayConfig, ServiceConfig } from './config/types.ts'

/** Registers a breaker for each service, shared with the fleet as soon as there is a Redis. */
export async function addBreakers(
  app: FastifyInstance,
  config: GatewayConfig,
  redis: Redis | Cluster | undefined,
): Promise<void> {
  const breakers: Record<string, BreakerOptions> = {}
  for (const [name, service] of Object.entries(config.services)) {
    const own = breakerOf(config, service)
    if (own !== false) breakers[name] = engineOptions(own)
  }
  await app.register(circuitBreaker, { breakers, groups: config.groups, ...fleetOptions(config, redis) })
}

/** The breaker that a service is to have: its own options over the defaults. */
export function breakerOf(config: GatewayConfig, service: ServiceConfig): BreakerConfig | false {
  const own = service.circuitBreaker ?? config.defaults.circuitBreaker ?? true
  if (own === false) return false
  const base = typeof config.defaults.circuitBreaker === 'object' ? config.defaults.circuitBreaker : {}
  return typeof own === 'object' ? { ...base, ...own } : base
}

/** The gate on the service's routes. The permits are taken below it, one for each attempt. */
export function routeBreaker(
  config: GatewayConfig,
  name: string,
  service: ServiceConfig,
): NonNullable<FastifyContextConfig['circuitBreaker']> {
  const breaker = breakerOf(config, service)
  if (breaker === false) return false
  return {
    name,
    permit: 'attempt',
    ...(breaker.fallback !== undefined && { fallback: fallbackOf(breaker.fallback, service) }),
  }
}

/** Another origin is asked for what the service's own would have been. */
function fallbackOf(
  fallback: FallbackConfig,
  { prefix, stripPrefix }: ServiceConfig,
): FallbackConfig & { prefix?: string } {
  return fallback.type === 'upstream' && stripPrefix ? { ...fallback, prefix } : fallback
}

/** What the engine reads. The fallback belongs to the route; the time limit to the upstream, which can abort by it. */
function engineOptions({
  fallback: _fallback,
  timeoutMs: _timeoutMs,
  ...engine
}: BreakerConfig): BreakerOptions {
  return engine
}

function fleetOptions({ fleet }: GatewayConfig, redis: Redis | Cluster | undefined): object {
  if (redis === undefined || fleet === false) return {}
  return { fleet: { redis, ...(typeof fleet === 'object' && fleet) } }
}
