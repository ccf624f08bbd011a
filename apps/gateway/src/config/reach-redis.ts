import { setTimeout as delay } from 'node:timers/promises'
import { createRedis, redisAddress } from '../redis.ts'
import type { Problem } from './problem.ts'
import type { RedisConfig } from './types.ts'

const deadlineMs = 3000

/** No problem if the configured Redis answers PING within three seconds. */
export async function unreachable(config: RedisConfig): Promise<Problem[]> {
  const reason = await askOnce(config)
  if (reason === undefined) return []
  const way = ['url', 'cluster', 'sentinels'].find((key) => key in config) ?? 'url'
  return [
    {
      path: `redis.${way}`,
      received: `${safeAddress(config)} (${reason})`,
      expected: 'a Redis that answers PING',
    },
  ]
}

/** Why Redis does not answer, or undefined if it does. */
async function askOnce(config: RedisConfig): Promise<string | undefined> {
  const answered = new AbortController()
  let socketError: string | undefined
  try {
    const redis = createRedis(config, false)
    redis.on('error', (error: NodeJS.ErrnoException) => {
      socketError ??= error.message === '' ? error.code : error.message
    })
    try {
      const silence = delay(deadlineMs, 'no answer within three seconds', { signal: answered.signal })
      return await Promise.race([redis.connect().then(async () => void (await redis.ping())), silence])
    } finally {
      answered.abort()
      redis.disconnect()
    }
  } catch (error) {
    return socketError ?? (error as Error).message
  }
}

function safeAddress(config: RedisConfig): string {
  try {
    return redisAddress(config)
  } catch {
    return 'an address that is no URL'
  }
}
