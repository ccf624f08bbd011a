import { text } from 'node:stream/consumers'
import { ApiKeys, fileKeys, redisKeys } from '@sluice/api-key-auth'
import type { Cluster, Redis } from 'ioredis'
import { openStore } from '../auth.ts'
import { loadConfig } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import type { RedisConfig } from '../config/types.ts'
import { type KeysLocation, runKeysCommand } from '../keys-cli/keys-command.ts'
import type { KeysIo } from '../keys-cli/keys-io.ts'
import { createRedis } from '../redis.ts'
import { configSource } from './usage.ts'

/** Manages the keys of a configuration, of a file or of a Redis. */
export async function keys(args: string[]): Promise<void> {
  const connections: (Redis | Cluster)[] = []
  const connect = async (config: RedisConfig): Promise<Redis | Cluster> => {
    const redis = createRedis(config, false)
    redis.on('error', () => {}) // the rejected connect() says it
    connections.push(redis)
    await redis.connect()
    return redis
  }
  const io: KeysIo = {
    out: console.log,
    err: console.error,
    readInput: () => text(process.stdin),
    now: Date.now,
  }
  try {
    process.exitCode = await runKeysCommand(args, io, (location) => openKeys(location, connect))
  } finally {
    for (const redis of connections) redis.disconnect()
  }
}

type Connect = (config: RedisConfig) => Promise<Redis | Cluster>

async function openKeys({ config, file, redis }: KeysLocation, connect: Connect): Promise<ApiKeys> {
  if (file !== undefined) return new ApiKeys({ store: fileKeys(file) })
  if (redis !== undefined)
    return new ApiKeys({ store: redisKeys(await connect({ url: redis }), { follow: false }) })
  const { auth, redis: configured } = await loadConfig({ ...configSource(config), offline: true })
  if (auth === undefined) {
    throw new ConfigError([
      { path: 'auth', received: 'nothing', expected: 'a section that says where the keys are' },
    ])
  }
  const { environment, pepper } = auth
  const isInRedis = !Array.isArray(auth.keys) && 'redis' in auth.keys
  const store = openStore(auth, isInRedis && configured !== undefined ? await connect(configured) : undefined)
  return new ApiKeys({ store, environment, ...(pepper !== undefined && { pepper }) })
}
