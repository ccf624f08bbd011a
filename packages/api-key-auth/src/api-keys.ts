import { AuditTrail, type AuditEvent, type AuditEvents, type KeyChange } from './audit-trail.ts'
import { ApiKeyConflictError, ApiKeyNotFoundError } from './errors.ts'
import { checkAttributes, checkChanges, wrongAttribute, type KeyChanges } from './keys/checked-attributes.ts'
import type { KeyAttributes, ParsedAttributes } from './keys/key-attributes.ts'
import { keyIdPattern, normalizeHash } from './keys/key-entry.ts'
import { environmentPattern, generateKey, generateKeyId } from './keys/key-format.ts'
import { createKeyHasher, type KeyHasher } from './keys/key-hash.ts'
import { describeKey, type ApiKeyDescription, type ApiKeyRecord } from './keys/key-record.ts'
import { KeyCounters, type ApiKeyStats } from './key-stats.ts'
import type { ApiKeyStore } from './stores/api-key-store.ts'
import { hashesOf } from './stores/key-table.ts'
import { localLookup, type KeyLookup } from './verify/key-lookup.ts'
import { KeyVerifier } from './verify/key-verifier.ts'
import { RememberedKeys, type KeyMemoryOptions } from './verify/remembered-keys.ts'
import type { RefusalReason } from './verify/judge.ts'

export interface ApiKeysOptions {
  readonly store: ApiKeyStore
  /** Part of each new key, and the only one whose keys are accepted. Default `live`. */
  readonly environment?: string
  /** Kept apart from the store; makes a stolen store worthless. Default none: plain SHA-256. */
  readonly pepper?: string | undefined
  /** Whether keys without our format are looked up. Default: what the store says, else false. */
  readonly foreignKeys?: boolean | undefined
  readonly memory?: Partial<KeyMemoryOptions>
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/** A new secret. `key` exists here and with its owner, nowhere else. */
export interface IssuedKey {
  readonly key: string
  readonly record: ApiKeyDescription
}

export type Verification =
  | { readonly valid: true; readonly record: ApiKeyDescription }
  | {
      readonly valid: false
      readonly reason: RefusalReason | 'unavailable'
      readonly record?: ApiKeyDescription
    }

/** Who makes a change, for the audit trail. */
export interface ChangeContext {
  readonly actor?: string
}

export const defaultMemory: KeyMemoryOptions = Object.freeze({
  max: 10_000,
  ttlMs: 5000,
  unknownMax: 10_000,
  unknownTtlMs: 5000,
  graceMs: 300_000,
  timeoutMs: 250,
  retryMs: 1000,
})

const changeAttempts = 5

/** Issues, changes and verifies keys in one store. The plugin decorates the app with one; the CLI has its own. */
export class ApiKeys {
  readonly store: ApiKeyStore
  readonly verifier: KeyVerifier
  readonly counters: KeyCounters = new KeyCounters()
  readonly audit: AuditTrail = new AuditTrail()
  readonly now: () => number
  private readonly environment: string
  private readonly hasher: KeyHasher
  private readonly lookup: KeyLookup
  private readonly unwatch: () => void

  constructor(options: ApiKeysOptions) {
    const { store } = options
    this.store = store
    this.now = options.now ?? Date.now
    this.environment = options.environment ?? 'live'
    if (!environmentPattern.test(this.environment)) {
      throw wrongAttribute('environment', this.environment, '1 to 16 lower-case letters and digits')
    }
    this.hasher = createKeyHasher(options.pepper)
    this.lookup =
      store.local === true
        ? localLookup(store)
        : new RememberedKeys(store, { ...defaultMemory, ...options.memory })
    this.verifier = new KeyVerifier({
      hasher: this.hasher,
      lookup: this.lookup,
      environment: this.environment,
      foreignKeys: () => options.foreignKeys ?? store.foreignKeys ?? false,
    })
    this.unwatch = store.watch((event) => {
      this.lookup.follow(event, this.now())
      if (event.type === 'degraded') this.audit.tell('storeDegraded', { error: event.error })
      if (event.type === 'recovered') this.audit.tell('storeRecovered', {})
    })
  }

  /** Listens to what happens to keys; returns the function that ends it. */
  on<E extends AuditEvent>(event: E, listener: (payload: AuditEvents[E]) => void): () => void {
    return this.audit.on(event, listener)
  }

  /**
   * Makes a key.
   *
   * @throws ApiKeyConfigurationError if an attribute is wrong
   */
  async create(attributes: KeyAttributes, context?: ChangeContext): Promise<IssuedKey> {
    const parsed = checkAttributes(attributes)
    const id = generateKeyId()
    const key = generateKey(this.environment, id)
    const record = await this.add({ id, hash: this.hasher.hash(key), ...parsed }, 'created', context)
    return { key, record }
  }

  /** Takes over a key made elsewhere, by its SHA-256 (64 hex digits, or with the algorithm in front). */
  async import(
    attributes: KeyAttributes & { readonly hash: string; readonly id?: string; readonly foreign?: boolean },
    context?: ChangeContext,
  ): Promise<ApiKeyDescription> {
    const { hash: given, id = generateKeyId(), foreign = true, ...rest } = attributes
    const hash = normalizeHash(given)
    if (hash === undefined) throw wrongAttribute('hash', given, 'sha256: or hmac-sha256: and 64 hex digits')
    if (!keyIdPattern.test(id)) throw wrongAttribute('id', id, '1 to 64 letters, digits, `.`, `_` or `-`')
    const parsed = checkAttributes(rest)
    return this.add({ id, hash, ...parsed, ...(foreign ? { foreign } : {}) }, 'imported', context)
  }

  async list(filter?: { readonly consumer?: string }): Promise<ApiKeyDescription[]> {
    const now = this.now()
    return (await this.store.list(filter)).map((record) => describeKey(record, now))
  }

  /** @throws ApiKeyNotFoundError */
  async show(id: string): Promise<ApiKeyDescription> {
    return describeKey(await this.fetch(id), this.now())
  }

  /** Changes what is given and leaves the rest; `null` takes an attribute away. The consumer stays who it is. */
  async update(id: string, changes: KeyChanges, context?: ChangeContext): Promise<ApiKeyDescription> {
    const record = await this.change(id, checkChanges(changes))
    this.audit.tell('updated', changeOf(record, context))
    return describeKey(record, this.now())
  }

  /**
   * Gives the key a new secret. The old one stays good for `graceMs` milliseconds (default 0); one older than that ends now.
   *
   * @throws ApiKeyNotFoundError, or ApiKeyConflictError if the key was revoked
   */
  async rotate(
    id: string,
    { graceMs = 0, ...context }: { readonly graceMs?: number } & ChangeContext = {},
  ): Promise<IssuedKey> {
    if (!Number.isFinite(graceMs) || graceMs < 0)
      throw wrongAttribute('graceMs', graceMs, 'milliseconds, 0 or more')
    const key = generateKey(this.environment, /^[0-9A-Za-z]{12}$/.test(id) ? id : generateKeyId())
    const until = this.now() + graceMs
    const record = await this.change(id, ({ previous: _previous, foreign, ...stored }) => ({
      ...stored,
      hash: this.hasher.hash(key),
      ...(graceMs > 0
        ? { previous: { hash: stored.hash, until }, ...(foreign === true ? { foreign } : {}) }
        : {}),
    }))
    this.audit.tell('rotated', {
      ...changeOf(record, context),
      ...(graceMs > 0 ? { previousUntil: until } : {}),
    })
    return { key, record: describeKey(record, this.now()) }
  }

  /** Ends the key, everywhere and for good. The record stays for the books; `remove` forgets it. */
  async revoke(id: string, context?: ChangeContext): Promise<ApiKeyDescription> {
    const record = await this.change(id, ({ previous: _previous, ...stored }) => ({
      ...stored,
      revokedAt: this.now(),
    }))
    this.audit.tell('revoked', changeOf(record, context))
    return describeKey(record, this.now())
  }

  /** Forgets the record of the key, and so ends the key if it has not ended before. */
  async remove(id: string, context?: ChangeContext): Promise<void> {
    const record = await this.fetch(id)
    if (!(await this.store.remove(id))) throw new ApiKeyNotFoundError(id)
    this.forget(record)
    this.audit.tell('removed', changeOf(record, context))
  }

  /** What the guard of a route would say of `key`, at `now`, from `address`. Counts nothing. */
  async verify(key: string, from: { readonly address?: string } = {}): Promise<Verification> {
    const now = this.now()
    const verdict = await this.verifier.verify(key, now, from)
    if (verdict.valid) return { valid: true, record: describeKey(verdict.record, now) }
    if (verdict.reason === 'unavailable' || verdict.record === undefined)
      return { valid: false, reason: verdict.reason }
    return { valid: false, reason: verdict.reason, record: describeKey(verdict.record, now) }
  }

  stats(): ApiKeyStats {
    const { accepted, refused } = this.counters
    return { accepted, refused: { ...refused }, storeErrors: this.lookup.errors }
  }

  /** Stops following the store, and closes it. */
  async close(): Promise<void> {
    this.unwatch()
    await this.store.close()
  }

  private async fetch(id: string): Promise<ApiKeyRecord> {
    const record = await this.store.get(id)
    if (record === undefined) throw new ApiKeyNotFoundError(id)
    return record
  }

  private async add(
    fields: ParsedAttributes & { id: string; hash: string; foreign?: boolean },
    event: 'created' | 'imported',
    context: ChangeContext | undefined,
  ): Promise<ApiKeyDescription> {
    const record = Object.freeze({
      scopes: [],
      ...fields,
      createdAt: this.now(),
      revision: 1,
    } as ApiKeyRecord)
    if (!(await this.store.put(record))) throw new ApiKeyConflictError('There is such a key already')
    this.forget(record)
    this.audit.tell(event, changeOf(record, context))
    return describeKey(record, this.now())
  }

  /** Reads, changes and writes, and does so again if somebody else was faster. */
  private async change(id: string, edit: (stored: ApiKeyRecord) => ApiKeyRecord): Promise<ApiKeyRecord> {
    for (let attempt = 0; attempt < changeAttempts; attempt++) {
      const stored = await this.fetch(id)
      if (stored.revokedAt !== undefined) throw new ApiKeyConflictError(`The API key ${id} is revoked`)
      const record = Object.freeze({ ...edit(stored), revision: stored.revision + 1 })
      if (await this.store.put(record)) {
        this.forget(stored, record)
        return record
      }
    }
    throw new ApiKeyConflictError(`The API key ${id} is being changed by others`)
  }

  /** The message of the store comes to others; here it would come late. */
  private forget(...records: ApiKeyRecord[]): void {
    this.lookup.follow({ type: 'changed', hashes: records.flatMap(hashesOf) }, this.now())
  }
}

function changeOf({ id, consumer }: ApiKeyRecord, context: ChangeContext | undefined): KeyChange {
  return { id, consumer, ...(context?.actor === undefined ? {} : { actor: context.actor }) }
}
