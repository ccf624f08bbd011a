import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import type { GatewayConfig, RateLimitConfig, ServiceConfig } from './config/types.ts'
import type { LimitOptions } from './rate-limit/limit.ts'
import { rateLimits } from './rate-limit/rate-limits.ts'

/** Registers rate limits if any are configured, or if keys could carry some. */
export async function addRateLimits(
  app: FastifyInstance,
  { rateLimit, auth, services }: GatewayConfig,
  redis: Redis | Cluster | undefined,
): Promise<void> {
  const isLimited =
    rateLimit || auth !== undefined || Object.values(services).some((service) => service.rateLimit)
  if (!isLimited) return
  await app.register(rateLimits, { redis, limits: rateLimit ? rateLimit.map(toLimit) : [] })
}

/** A service's own limits in place of the general ones; `false`: none. */
export function routeLimits(
  name: string,
  { rateLimit }: ServiceConfig,
): Pick<FastifyContextConfig, 'rateLimits'> {
  if (rateLimit === undefined) return {}
  return { rateLimits: rateLimit === false ? false : { name, limits: rateLimit.map(toLimit) } }
}

function toLimit({ window, ...limit }: RateLimitConfig): LimitOptions {
  return { ...limit, windowMs: window }
}
