import type { ApiKeyRecord } from '../keys/key-record.ts'
import type { ApiKeyStore, KeyStoreEvent, MaybePromise } from '../stores/api-key-store.ts'

/** What asking for a hash came to. */
export type Found =
  | { readonly known: true; readonly record: ApiKeyRecord }
  | { readonly known: false }
  | { readonly known: 'unavailable'; readonly retryAfterMs: number }

export const notFound: Found = Object.freeze({ known: false })

/** Finds records for requests: never throws, never rejects, never waits for long. */
export interface KeyLookup {
  find(hash: string, now: number): MaybePromise<Found>
  /** The record, if it is at hand and still counts. */
  recall(hash: string, now: number): ApiKeyRecord | undefined
  /** Whether an answer for this hash is at hand, so that asking costs the store nothing. */
  remembers(hash: string, now: number): boolean
  /** Takes in what the store tells. */
  follow(event: KeyStoreEvent, now: number): void
  /** Look-ups that the store failed to answer in time. */
  readonly errors: number
}

export function toFound(record: ApiKeyRecord | undefined): Found {
  return record === undefined ? notFound : { known: true, record }
}

/** Look-ups in a store that has everything at hand. */
export function localLookup(store: ApiKeyStore): KeyLookup {
  return {
    errors: 0,
    find: (hash) => {
      const record = store.findByHash(hash)
      return record instanceof Promise ? record.then(toFound) : toFound(record)
    },
    recall: (hash) => {
      const record = store.findByHash(hash)
      return record instanceof Promise ? undefined : record
    },
    remembers: () => true,
    follow: () => {},
  }
}
