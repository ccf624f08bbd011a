import { sameHash } from '../keys/key-hash.ts'
import type { ApiKeyRecord } from '../keys/key-record.ts'

/** Records in memory, found by id and by hash. The one place that knows what may follow what. */
export class KeyTable {
  private readonly byId = new Map<string, ApiKeyRecord>()
  private readonly byHash = new Map<string, ApiKeyRecord>()

  constructor(records: Iterable<ApiKeyRecord> = []) {
    for (const record of records) this.set(record)
  }

  findByHash(hash: string): ApiKeyRecord | undefined {
    return this.byHash.get(hash)
  }

  get(id: string): ApiKeyRecord | undefined {
    return this.byId.get(id)
  }

  list(filter?: { readonly consumer?: string }): ApiKeyRecord[] {
    const all = [...this.byId.values()].sort((a, b) => a.createdAt - b.createdAt)
    const consumer = filter?.consumer
    return consumer === undefined ? all : all.filter((record) => record.consumer === consumer)
  }

  some(test: (record: ApiKeyRecord) => boolean): boolean {
    for (const record of this.byId.values()) if (test(record)) return true
    return false
  }

  put(record: ApiKeyRecord): boolean {
    const stored = this.byId.get(record.id)
    if ((stored?.revision ?? 0) !== record.revision - 1) return false
    if (hashesOf(record).some((hash) => (this.byHash.get(hash)?.id ?? record.id) !== record.id)) return false
    this.set(record)
    return true
  }

  remove(id: string): boolean {
    const stored = this.byId.get(id)
    if (stored === undefined) return false
    for (const hash of hashesOf(stored)) this.byHash.delete(hash)
    return this.byId.delete(id)
  }

  touch(id: string, at: number): void {
    const stored = this.byId.get(id)
    if (stored !== undefined && (stored.lastUsedAt ?? 0) < at)
      this.set(Object.freeze({ ...stored, lastUsedAt: at }))
  }

  private set(record: ApiKeyRecord): void {
    this.remove(record.id)
    this.byId.set(record.id, record)
    for (const hash of hashesOf(record)) this.byHash.set(hash, record)
  }
}

/** The hashes under which a record is found. */
export function hashesOf(record: ApiKeyRecord): string[] {
  const { hash, previous } = record
  return previous === undefined || sameHash(previous.hash, hash) ? [hash] : [hash, previous.hash]
}
