import { keyPrefix, parseKey } from '../keys/key-format.ts'
import type { KeyHasher } from '../keys/key-hash.ts'
import type { MaybePromise } from '../stores/api-key-store.ts'
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

/** From a text that claims to be a key to a verdict. */
export class KeyVerifier {
  private readonly options: KeyVerifierOptions

  constructor(options: KeyVerifierOptions) {
    this.options = options
  }

  /** Whether it is worth a look-up: a sound key of this environment, or one that may have been made elsewhere. */
  accepts(key: string): boolean {
    if (!key.startsWith(keyPrefix)) return this.options.foreignKeys() && key !== ''
    return parseKey(key)?.environment === this.options.environment
  }

  verify(key: string, now: number, address?: string): MaybePromise<Verdict> {
    if (!this.accepts(key)) return malformed
    return this.tryNext(this.options.hasher.candidates(key), 0, now, address)
  }

  /** Whether a verdict can be had without asking the store. */
  remembers(key: string, now: number): boolean {
    if (!this.accepts(key)) return true
    return this.options.hasher.candidates(key).some((hash) => this.options.lookup.remembers(hash, now))
  }

  private tryNext(
    hashes: readonly string[],
    index: number,
    now: number,
    address: string | undefined,
  ): MaybePromise<Verdict> {
    const hash = hashes[index]
    if (hash === undefined) return unknown
    const conclude = (found: Found): MaybePromise<Verdict> => {
      if (found.known === true) return judge(found.record, hash, now, address)
      if (found.known === false) return this.tryNext(hashes, index + 1, now, address)
      return { valid: false, reason: 'unavailable', retryAfterMs: found.retryAfterMs }
    }
    const found = this.options.lookup.find(hash, now)
    return found instanceof Promise ? found.then(conclude) : conclude(found)
  }
}
