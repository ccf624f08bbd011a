import type { ApiKeyRecord } from '../keys/key-record.ts'

export type MaybePromise<T> = T | Promise<T>

/** What a store tells those who watch it. */
export type KeyStoreEvent =
  /** Keys under these hashes were added, changed or removed; without `hashes`, any may have been. */
  | { readonly type: 'changed'; readonly hashes?: readonly string[] }
  /** The store no longer follows its source; what it knew, it goes on answering. */
  | { readonly type: 'degraded'; readonly error: Error }
  | { readonly type: 'recovered' }

/**
 * Where records live. `@sluice/api-key-auth/testing` has the contract that each store fulfils.
 * A method may answer at once or by a promise.
 */
export interface ApiKeyStore {
  /** Whether records are found in this process's own memory: answers are then used as they are, and not remembered. */
  readonly local?: boolean
  /** Whether keys made elsewhere, which do not have the format of ours, are expected in this store. */
  readonly foreignKeys?: boolean
  /** The record that has this hash, now or before its last rotation. Rejects if the store can't tell. */
  findByHash(hash: string): MaybePromise<ApiKeyRecord | undefined>
  get(id: string): MaybePromise<ApiKeyRecord | undefined>
  /** In the order in which they were created. */
  list(filter?: { readonly consumer?: string }): MaybePromise<ApiKeyRecord[]>
  /**
   * Writes the record if it follows what is stored: revision 1 needs that neither its id nor its hash is there,
   * revision n that revision n - 1 is. Answers whether it was written. `consumer` and `createdAt` never change.
   */
  put(record: ApiKeyRecord): MaybePromise<boolean>
  /** Forgets the record. Answers whether it was there. */
  remove(id: string): MaybePromise<boolean>
  /** Notes when keys were last used, by id. A hint: it may be lost or come late, and never goes back. */
  touch(uses: ReadonlyMap<string, number>): MaybePromise<void>
  /** Tells the listener of changes made here or elsewhere, until the function returned is called. */
  watch(listener: (event: KeyStoreEvent) => void): () => void
  /** Ends what the store itself began. What it was given, a Redis client say, is left open. */
  close(): MaybePromise<void>
}
