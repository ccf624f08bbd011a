import { allowsCaller, type Caller } from '../keys/address.ts'
import { sameHash } from '../keys/key-hash.ts'
import { keyStatus, type ApiKeyRecord, type KeyStatus } from '../keys/key-record.ts'

/** Why a key that was presented is no good. Callers are told none of this: to them each is the same 401. */
export type RefusalReason = 'malformed' | 'unknown' | 'revoked' | 'expired' | 'address'

/** What is known of a key after looking it up. */
export type Verdict =
  | { readonly valid: true; readonly record: ApiKeyRecord }
  | { readonly valid: false; readonly reason: RefusalReason; readonly record?: ApiKeyRecord }
  /** The store does not answer, and the key is not among those remembered. */
  | { readonly valid: false; readonly reason: 'unavailable'; readonly retryAfterMs: number }

/** Holds the record that was found under `hash` against the time and the address. */
export function judge(record: ApiKeyRecord, hash: string, now: number, from: Caller): Verdict {
  const reason = fault(record, hash, now, from)
  return reason === undefined ? { valid: true, record } : { valid: false, reason, record }
}

function fault(record: ApiKeyRecord, hash: string, now: number, from: Caller): RefusalReason | undefined {
  if (!hasHash(record, hash)) {
    const { previous } = record
    if (previous === undefined || !sameHash(previous.hash, hash)) return 'unknown'
    if (previous.until <= now) return 'expired'
  }
  return statusFault[keyStatus(record, now)] ?? (allowsCaller(record, from) ? undefined : 'address')
}

/** The hash that a frozen record was seen to have: each is compared once, not with every request. */
const seenHashes = new WeakMap<ApiKeyRecord, string>()

function hasHash(record: ApiKeyRecord, hash: string): boolean {
  // Takes a time that depends on the hashes, as did the look-up that found the record by this one.
  if (seenHashes.get(record) === hash) return true
  const same = sameHash(record.hash, hash)
  // A store of the user's own may change its records in place.
  if (same && Object.isFrozen(record)) seenHashes.set(record, hash)
  return same
}

const statusFault: Readonly<Record<KeyStatus, RefusalReason | undefined>> = {
  active: undefined,
  pending: 'expired',
  expired: 'expired',
  disabled: 'revoked',
  revoked: 'revoked',
}
