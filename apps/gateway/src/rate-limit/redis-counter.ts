import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'
import type { WindowCounter, WindowReading } from './window-counter.ts'

type Reply = [allowed: number, remaining: number, resetMs: number]

interface Commands {
  sluiceRateLimitWindow(key: string, max: number, windowMs: number, cost: 1 | 0 | -1): Promise<Reply>
}

const lua = readFileSync(new URL('../../lua/rate-limit-window.lua', import.meta.url), 'utf8')

/**
 * Counts for all instances together, by Redis's clock, one key and one script a limit.
 *
 * Keys are `sluice:limit:v1:{<limit>:<client>}` and live for two windows.
 */
export class RedisCounter implements WindowCounter {
  private readonly redis: Redis | Cluster
  private readonly commands: Commands
  private readonly prefix: string

  constructor(redis: Redis | Cluster, prefix = 'sluice:limit:v1:') {
    if (!('sluiceRateLimitWindow' in redis))
      redis.defineCommand('sluiceRateLimitWindow', { numberOfKeys: 1, lua })
    this.redis = redis
    this.commands = redis as unknown as Commands
    this.prefix = prefix
  }

  /** Whether asking makes sense at all; without a connection a question would wait in a queue. */
  get connected(): boolean {
    return this.redis.status === 'ready'
  }

  take(key: string, max: number, windowMs: number): Promise<WindowReading> {
    return this.run(key, max, windowMs, 1)
  }

  peek(key: string, max: number, windowMs: number): Promise<WindowReading> {
    return this.run(key, max, windowMs, 0)
  }

  async giveBack(key: string, windowMs: number): Promise<void> {
    await this.run(key, 0, windowMs, -1)
  }

  private async run(key: string, max: number, windowMs: number, cost: 1 | 0 | -1): Promise<WindowReading> {
    const name = `${this.prefix}{${key}}`
    const [allowed, remaining, resetMs] = await this.commands.sluiceRateLimitWindow(name, max, windowMs, cost)
    return { allowed: allowed === 1, remaining, resetMs }
  }
}
