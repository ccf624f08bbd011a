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

const views = new WeakMap<ApiKeyRecord, ApiKey>()

/** What handlers see of the record, frozen: one view for all requests, if the record is frozen too. */
export function toApiKey(record: ApiKeyRecord): ApiKey {
  const known = views.get(record)
  if (known !== undefined) return known
  const { id, consumer, name, scopes, rateLimit, metadata } = record
  const view = Object.freeze({
    id,
    consumer,
    scopes,
    ...(name !== undefined && { name }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(metadata !== undefined && { metadata }),
  })
  // A store of the user's own may change its records in place.
  if (Object.isFrozen(record)) views.set(record, view)
  return view
}
