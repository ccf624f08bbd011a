import type { KeyHasher } from '../keys/key-hash.ts'

/**
 * The hashes of the key that came last over each connection. Clients that keep theirs open show one key again and again,
 * and hashing it is the dearest part of letting a request in.
 *
 * A text is compared only with what the same connection sent before, so how long it takes tells nobody anything new, and
 * no secret outlives its connection here.
 */
export class ConnectionHashes {
  private readonly hasher: KeyHasher
  private readonly last = new WeakMap<object, { readonly key: string; readonly hashes: readonly string[] }>()

  constructor(hasher: KeyHasher) {
    this.hasher = hasher
  }

  /** Under which hashes `key` may be stored, the likeliest first. */
  of(key: string, connection: object): readonly string[] {
    const last = this.last.get(connection)
    if (last?.key === key) return last.hashes
    const hashes = this.hasher.candidates(key)
    this.last.set(connection, { key, hashes })
    return hashes
  }
}
