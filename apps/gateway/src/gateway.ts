import type { FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import { addAdmin, type BreakerTest } from './admin.ts'
import { addAuth } from './auth.ts'
import { addBreakers } from './breakers.ts'
import { addCache } from './cache.ts'
import type { GatewayConfig } from './config/types.ts'
import { addHealth } from './health.ts'
import { addRedis } from './redis.ts'
import { addRateLimits } from './limits.ts'
import { createLogger, createServer } from './server.ts'
import { addServices, addUpstreams } from './services.ts'

export interface GatewayOptions {
  /** Whether to connect to the configured Redis. Default: true; `sluice check --offline` does without. */
  connect?: boolean
  /** What the dashboard's test button drives; the demo has one. */
  breakerTest?: BreakerTest
}

export interface Gateway {
  readonly app: FastifyInstance
  /** The operators' own listener, if one is configured. */
  readonly admin: FastifyInstance | undefined
  listen(): Promise<{ address: string; adminAddress: string | undefined }>
  /** Turns `/readyz` to 503, lets requests in flight end, and closes everything that was opened. */
  close(): Promise<void>
  /** Ends the connections that are still open. */
  cutConnections(): void
}

/**
 * Builds the gateway, ready to listen.
 *
 * The order of registration is the order of a request: key, limit, cache, breaker, proxy. Each part adds its hooks to
 * the routes that ask for it, so the services come last.
 *
 * @throws ConfigError, or an error of a part with `problems`, when the configuration cannot be carried out.
 */
export async function buildGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
  const logger = createLogger(config)
  const app = createServer(config, logger)
  try {
    const redis = options.connect === false ? undefined : await addRedis(app, config.redis)
    await addAuth(app, config, redis)
    await addRateLimits(app, config, redis)
    await addCache(app, config, redis)
    await addBreakers(app, config, redis)
    const upstreams = addUpstreams(app)
    const admin = await addAdmin(app, config, logger, options.breakerTest)
    const health = addHealth(app, { parts: () => parts(redis) })
    await addServices(app, config, upstreams)
    await app.ready()
    await admin?.ready()
    return {
      app,
      admin,
      listen: async () => ({
        address: await app.listen({ host: config.server.host, port: config.server.port }),
        adminAddress: await admin?.listen(config.admin ?? {}),
      }),
      close: async () => {
        health.drain()
        await Promise.all([app.close(), admin?.close()])
      },
      cutConnections: () => {
        for (const each of [app, admin]) each?.server.closeAllConnections()
      },
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

function parts(redis: Redis | Cluster | undefined): Record<string, 'up' | 'down'> {
  return redis === undefined ? {} : { redis: redis.status === 'ready' ? 'up' : 'down' }
}
