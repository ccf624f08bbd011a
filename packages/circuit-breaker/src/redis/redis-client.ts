/**
 * What is used of an ioredis client, 5 or 6: a `Redis` (single server or Sentinel), a `Cluster`, or the one of
 * `@fastify/redis`. It stays the caller's.
 */
export interface RedisClient {
  readonly status: string
  readonly isCluster: boolean
  call(command: string, args: (string | number)[]): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
  duplicate(...args: never[]): unknown
}

/** A connection of our own, to listen on. */
export interface RedisSubscriber {
  subscribe(...channels: string[]): Promise<unknown>
  ssubscribe(channel: string): Promise<unknown>
  on(event: 'message' | 'smessage', listener: (channel: string, text: string) => void): unknown
  on(event: 'ready' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  disconnect(): void
}

const retryStrategy = (times: number): number => Math.min(2_000, 50 * times) * (0.8 + 0.4 * Math.random())

/** It waits for its connection however long that takes: nobody waits for it. */
export function createSubscriber(redis: RedisClient): RedisSubscriber {
  const duplicate = redis.duplicate.bind(redis) as (...args: unknown[]) => RedisSubscriber
  const patient = { enableOfflineQueue: true, lazyConnect: false, keyPrefix: '' }
  if (redis.isCluster) {
    return duplicate([], { ...patient, shardedSubscribers: true, clusterRetryStrategy: retryStrategy })
  }
  return duplicate({ ...patient, maxRetriesPerRequest: null, retryStrategy })
}

/** What the client puts in front of keys, but not of channels. */
export function keyPrefixOf(redis: RedisClient): string {
  const { options } = redis as { options?: { keyPrefix?: string } }
  return options?.keyPrefix ?? ''
}
