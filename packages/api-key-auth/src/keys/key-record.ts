/** Requests that a key may make. */
export interface KeyRateLimit {
  /** Requests in each window, 0 or more. */
  readonly max: number
  /** Length of the window in milliseconds, 1 or more. */
  readonly windowMs: number
}

/** What a store holds of one key. Times are milliseconds since the epoch. Frozen, deeply. */
export interface ApiKeyRecord {
  /** Public name of the key; stays the same when the secret is rotated. */
  readonly id: string
  /** `sha256:<hex>` or `hmac-sha256:<hex>` of the key. */
  readonly hash: string
  /** The secret before the last rotation, good until `until`. */
  readonly previous?: { readonly hash: string; readonly until: number }
  /** Whose key it is; several keys may have one consumer. */
  readonly consumer: string
  readonly name?: string
  /** What it may do: `orders:read`, `orders:*` or `*`. */
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly notBefore?: number
  readonly expiresAt?: number
  /** Switched off, and may be switched on again. */
  readonly disabled?: boolean
  /** Ended, for good. */
  readonly revokedAt?: number
  /** Addresses it may be used from, as CIDR blocks; everywhere when absent. */
  readonly cidrs?: readonly string[]
  readonly rateLimit?: KeyRateLimit
  /** The owner's own facts; passed on to `request.apiKey`, never read here. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Written late and rarely: a hint for tidying up, not an audit trail. */
  readonly lastUsedAt?: number
  /** Made elsewhere: need not have the format of `parseKey`. */
  readonly foreign?: boolean
  /** 1 for a new record, one more with each change. */
  readonly revision: number
}

export type KeyStatus = 'active' | 'pending' | 'expired' | 'disabled' | 'revoked'

/** What a record amounts to at `now`. */
export function keyStatus(record: ApiKeyRecord, now: number): KeyStatus {
  if (record.revokedAt !== undefined) return 'revoked'
  if (record.disabled === true) return 'disabled'
  if (record.expiresAt !== undefined && record.expiresAt <= now) return 'expired'
  if (record.notBefore !== undefined && record.notBefore > now) return 'pending'
  return 'active'
}

/** The part of a record that may be shown to anybody who manages keys: all but the hashes. */
export type ApiKeyDescription = Omit<ApiKeyRecord, 'hash' | 'previous'> & {
  readonly status: KeyStatus
  /** Until when the secret before the last rotation is still good. */
  readonly previousUntil?: number
}

export function describeKey(record: ApiKeyRecord, now: number): ApiKeyDescription {
  const { hash: _hash, previous, ...rest } = record
  const graced = previous !== undefined && previous.until > now
  return { ...rest, status: keyStatus(record, now), ...(graced ? { previousUntil: previous.until } : {}) }
}
