import fastifyRedis from '@fastify/redis'
import type { FastifyInstance } from 'fastify'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { RedisConfig } from './config/types.ts'

/**
 * How a gateway talks to Redis: nothing waits in an offline queue, and no command outlives its use. The parts have
 * deadlines of their own, shorter than this one.
 */
const patience = {
  enableOfflineQueue: false,
  commandTimeout: 1000,
  connectTimeout: 2000,
  maxRetriesPerRequest: 1,
  retryStrategy: (attempt: number) =>
    Math.min(2000, 50 * 2 ** Math.min(attempt, 6)) * (0.75 + Math.random() / 2),
} satisfies RedisOptions

/**
 * A client for the configured Redis, Sentinel or Cluster. It does not connect before `connect()`.
 *
 * @param persistent whether it connects again after it lost the connection. Default: true.
 */
export function createRedis(config: RedisConfig, persistent = true): Redis | Cluster {
  const credentials = {
    ...(config.username !== undefined && { username: config.username }),
    ...(config.password !== undefined && { password: config.password }),
  }
  const options = {
    ...patience,
    ...credentials,
    lazyConnect: true,
    ...(!persistent && { retryStrategy: () => null, sentinelRetryStrategy: () => null }),
  }
  if (config.cluster !== undefined) {
    return new Cluster(config.cluster.map(address), {
      enableOfflineQueue: false,
      lazyConnect: true,
      ...(!persistent && { clusterRetryStrategy: () => null }),
      redisOptions: { ...patience, ...credentials },
      slotsRefreshTimeout: 2000,
      shardedSubscribers: true,
    })
  }
  if (config.sentinels !== undefined) {
    return new Redis({
      ...options,
      sentinels: config.sentinels.map(address),
      name: config.name ?? 'mymaster',
    })
  }
  return new Redis(config.url ?? '', options)
}

/**
 * Connects to the configured Redis and shares the client as `app.redis`. When the connection is lost later, the parts go
 * on without it and the log says so once.
 */
export async function addRedis(
  app: FastifyInstance,
  config: RedisConfig | undefined,
): Promise<Redis | Cluster | undefined> {
  if (config === undefined) return undefined
  const redis = createRedis(config)
  let isUp = true
  redis.on('ready', () => {
    if (!isUp) app.log.info({ redis: redisAddress(config) }, 'Redis is back')
    isUp = true
  })
  redis.on('error', (error: Error) => {
    if (isUp)
      app.log.warn(
        { redis: redisAddress(config), reason: error.message },
        'Redis is gone; going on without it',
      )
    isUp = false
  })
  await redis.connect()
  await app.register(fastifyRedis, { client: redis })
  app.addHook('onClose', () => leave(redis))
  return redis
}

/** Takes leave of Redis. One that has gone before, or goes at this moment, is no reason for a gateway not to end well. */
async function leave(redis: Redis | Cluster): Promise<void> {
  await redis.quit().catch(() => {})
  redis.disconnect()
}

/** The configured address as it may be shown: without a password. */
export function redisAddress(config: RedisConfig): string {
  if (config.cluster !== undefined) return config.cluster.join(', ')
  if (config.sentinels !== undefined) return config.sentinels.join(', ')
  const url = new URL(config.url ?? '')
  return `${url.protocol}//${url.host}${url.pathname}`
}

function address(hostPort: string): { host: string; port: number } {
  const colon = hostPort.lastIndexOf(':')
  return { host: hostPort.slice(0, colon), port: Number(hostPort.slice(colon + 1)) }
}
