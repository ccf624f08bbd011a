import type { Caller } from '../keys/address.ts'
import { keyPrefix, parseKey } from '../keys/key-format.ts'
import type { KeyHasher } from '../keys/key-hash.ts'
import type { MaybePromise } from '../stores/api-key-store.ts'
import { ConnectionHashes } from './connection-hashes.ts'
import { judge, type Verdict } from './judge.ts'
import type { Found, KeyLookup } from './key-lookup.ts'

const malformed: Verdict = Object.freeze({ valid: false, reason: 'malformed' })
const unknown: Verdict = Object.freeze({ valid: false, reason: 'unknown' })

export interface KeyVerifierOptions {
  readonly hasher: KeyHasher
  readonly lookup: KeyLookup
  /** The only environment whose keys are accepted. */
  readonly environment: string
  /** Whether keys without our format are looked up too. */
  readonly foreignKeys: () => boolean
}

/** Where a key came from. */
export interface KeyOrigin extends Caller {
  /** The connection, if there is one: an object that is the same for all that comes over it. */
  readonly connection?: object | undefined
}

/** From a text that claims to be a key to a verdict. */
export class KeyVerifier {
  private readonly options: KeyVerifierOptions
  private readonly connectionHashes: ConnectionHashes
  private readonly ownPrefix: string

  constructor(options: KeyVerifierOptions) {
    this.options = options
    this.connectionHashes = new ConnectionHashes(options.hasher)
    this.ownPrefix = `${keyPrefix}${options.environment}_`
  }

  /**
   * A key whose hash is at hand needs no checksum; for all others it decides whether they are worth a look-up.
   * Never rejects.
   */
  verify(key: string, now: number, from: KeyOrigin = {}): MaybePromise<Verdict> {
    if (!this.isOurs(key)) return malformed
    const hashes = this.hashesOf(key, from.connection)
    for (const hash of hashes) {
      const record = this.options.lookup.recall(hash, now)
      if (record !== undefined) return judge(record, hash, now, from)
    }
    return this.isSound(key) ? this.tryNext(hashes, 0, now, from) : malformed
  }

  /** Whether a verdict can be had without asking the store. */
  remembers(key: string, now: number): boolean {
    if (!this.isOurs(key) || !this.isSound(key)) return true
    return this.options.hasher.candidates(key).some((hash) => this.options.lookup.remembers(hash, now))
  }

  private hashesOf(key: string, connection: object | undefined): readonly string[] {
    return connection === undefined
      ? this.options.hasher.candidates(key)
      : this.connectionHashes.of(key, connection)
  }

  /** Whether it says to be of this environment, or may have been made elsewhere. */
  private isOurs(key: string): boolean {
    if (key.startsWith(this.ownPrefix)) return true
    return !key.startsWith(keyPrefix) && this.options.foreignKeys() && key !== ''
  }

  private isSound(key: string): boolean {
    return !key.startsWith(keyPrefix) || parseKey(key) !== undefined
  }

  private tryNext(
    hashes: readonly string[],
    index: number,
    now: number,
    from: KeyOrigin,
  ): MaybePromise<Verdict> {
    const hash = hashes[index]
    if (hash === undefined) return unknown
    const conclude = (found: Found): MaybePromise<Verdict> => {
      if (found.known === true) return judge(found.record, hash, now, from)
      if (found.known === false) return this.tryNext(hashes, index + 1, now, from)
      return { valid: false, reason: 'unavailable', retryAfterMs: found.retryAfterMs }
    }
    const found = this.options.lookup.find(hash, now)
    return found instanceof Promise ? found.then(conclude) : conclude(found)
  }
}
