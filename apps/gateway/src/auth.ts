import {
  apiKeyAuth,
  fileKeys,
  redisKeys,
  staticKeys,
  type ApiKeyEntry,
  type ApiKeyStore,
} from '@sluice/api-key-auth'
import type { FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import type { AuthConfig, GatewayConfig, KeyConfig } from './config/types.ts'

/** Registers API keys where they are configured; each service then asks for one, unless it says `apiKey: false`. */
export async function addAuth(
  app: FastifyInstance,
  { auth }: GatewayConfig,
  redis: Redis | Cluster | undefined,
): Promise<void> {
  if (auth !== undefined)
    await app.register(apiKeyAuth, { ...authOptions(auth), store: openStore(auth, redis) })
}

/** The same keys on a second listener. */
export async function addAuthTo(
  admin: FastifyInstance,
  app: FastifyInstance,
  { auth }: GatewayConfig,
): Promise<void> {
  if (auth !== undefined) await admin.register(apiKeyAuth, { ...authOptions(auth), store: app.apiKeys })
}

function authOptions({ header, environment, forwardKey, pepper }: AuthConfig): {
  header: string
  environment: string
  forward: boolean
  pepper?: string
} {
  return { header, environment, forward: forwardKey, ...(pepper !== undefined && { pepper }) }
}

/** The store that the configuration names: a list in the file, a file of its own, or Redis. */
export function openStore({ keys, plainKey }: AuthConfig, redis: Redis | Cluster | undefined): ApiKeyStore {
  if (Array.isArray(keys)) return staticKeys([...keys.map(toEntry), ...fromEnvironment(plainKey)])
  if ('file' in keys) return fileKeys(keys.file)
  if (redis === undefined) throw new Error('auth.keys.redis needs a connection to Redis')
  return redisKeys(redis)
}

function toEntry({ rateLimit, ...key }: KeyConfig): ApiKeyEntry {
  const consumer = key.consumer ?? key.id
  if (rateLimit === undefined) return { ...key, consumer }
  return { ...key, consumer, rateLimit: { max: rateLimit.max, windowMs: rateLimit.window } }
}

/** `API_KEY`: one key for everything, the operators' pages included. */
function fromEnvironment(plainKey: string | undefined): ApiKeyEntry[] {
  return plainKey === undefined
    ? []
    : [{ id: 'environment', key: plainKey, consumer: 'default', scopes: ['*'] }]
}
