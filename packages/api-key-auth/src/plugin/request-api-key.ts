import type { ApiKeyRecord, KeyRateLimit } from '../keys/key-record.ts'

/** `request.apiKey`: who is calling, and what they may do. */
export interface ApiKey {
  readonly id: string
  readonly consumer: string
  readonly name?: string
  readonly scopes: readonly string[]
  readonly rateLimit?: KeyRateLimit
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** A view of the record for one request. The record is frozen, so nothing that a handler does shows in another's. */
export function toApiKey({ id, consumer, name, scopes, rateLimit, metadata }: ApiKeyRecord): ApiKey {
  const key: { -readonly [K in keyof ApiKey]: ApiKey[K] } = { id, consumer, scopes }
  if (name !== undefined) key.name = name
  if (rateLimit !== undefined) key.rateLimit = rateLimit
  if (metadata !== undefined) key.metadata = metadata
  return key
}
