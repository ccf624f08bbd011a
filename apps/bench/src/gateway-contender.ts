import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import type { HttpContender } from './http-comparison.ts'

export interface GatewayParts {
  /** Requests must show a key. */
  readonly key?: boolean
  /** They are limited, generously. */
  readonly limit?: boolean
  readonly breaker?: boolean
}

/** The gateway in front of an upstream, with the parts that are asked for. */
export async function gatewayContender(
  name: string,
  upstream: string,
  { key = false, limit = false, breaker = true }: GatewayParts,
): Promise<HttpContender> {
  const issued = key ? await issueKey() : undefined
  const config = {
    ...(issued && { auth: { keys: [issued.entry] } }),
    ...(limit && { rateLimit: { max: 1_000_000_000, window: '1m' } }),
    ...(!breaker && { defaults: { circuitBreaker: false } }),
  }
  return {
    name,
    file: 'proxy/gateway',
    settings: { upstream, config },
    ...(issued && { headers: { 'x-api-key': issued.key } }),
  }
}

async function issueKey(): Promise<{ key: string; entry: object }> {
  const store = memoryKeys()
  const keys = new ApiKeys({ store })
  const { key, record } = await keys.create({ consumer: 'bench' })
  const hash = (await store.get(record.id))?.hash
  await keys.close()
  return { key, entry: { id: record.id, hash, consumer: 'bench' } }
}
