import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import tap from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { startRedis, type RedisProcess } from '../../../test/redis.ts'
import type { ResponseCacheOptions } from '../src/index.ts'
import { redisTier } from '../src/redis/index.ts'
import { appWith, until } from './app.ts'

export const skip: string | false = skipWithout('redis-server')

/** For tests that leave Redis itself alone; each has a namespace. */
export const shared: RedisProcess | undefined = skip === false ? await startRedis() : undefined
tap.teardown(() => shared?.stop())

interface Named {
  readonly name: string
  teardown(fn: () => unknown): void
}

/** An app with a client of its own. The deadline is long, for the machine may be busy; where it matters, tests set it. */
export async function instance(
  t: Named,
  server: RedisProcess | undefined,
  routes: (app: FastifyInstance) => void,
  { deadline = 2000, ...options }: ResponseCacheOptions & { deadline?: number } = {},
): Promise<FastifyInstance> {
  const namespace = server === shared ? t.name.replace(/\W+/g, '-').slice(0, 64) : 'default'
  const redis = new Redis(server?.url ?? '', { retryStrategy: () => 50 })
  redis.on('error', () => {})
  const app = await appWith({ redis: redisTier(redis, { deadline, namespace }), ...options }, routes)
  t.teardown(async () => {
    await app.close()
    redis.disconnect()
  })
  await until(() => isUp(app))
  return app
}

export function isUp(app: FastifyInstance): boolean {
  return app.responseCache.stats().redis?.state === 'up'
}

export async function xCache(app: FastifyInstance, url: string): Promise<string> {
  const { headers } = await app.inject(url)
  return [headers['x-cache'], headers['x-cache-source']].join(' ').trim()
}
