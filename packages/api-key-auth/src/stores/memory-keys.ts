import { parseKeyEntries, type ApiKeyEntry } from '../keys/key-entry.ts'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import type { ApiKeyStore, KeyStoreEvent } from './api-key-store.ts'
import { hashesOf, KeyTable } from './key-table.ts'

/** Keys in memory alone, which may be changed: for tests, and for one process that needs no memory of them. */
export function memoryKeys(entries: readonly ApiKeyEntry[] = []): ApiKeyStore {
  const table = new KeyTable(parseKeyEntries(entries, 'API keys in memory'))
  const listeners = new Set<(event: KeyStoreEvent) => void>()
  const tell = (...records: (ApiKeyRecord | undefined)[]): void => {
    const hashes = records.flatMap((record) => (record === undefined ? [] : hashesOf(record)))
    for (const listener of listeners) listener({ type: 'changed', hashes })
  }
  return {
    local: true,
    get foreignKeys(): boolean {
      return table.some((record) => record.foreign === true)
    },
    findByHash: (hash) => table.findByHash(hash),
    get: (id) => table.get(id),
    list: (filter) => table.list(filter),
    put: (record) => {
      const before = table.get(record.id)
      const written = table.put(record)
      if (written) tell(before, record)
      return written
    },
    remove: (id) => {
      const before = table.get(id)
      const removed = table.remove(id)
      if (removed) tell(before)
      return removed
    },
    touch: (uses) => {
      for (const [id, at] of uses) table.touch(id, at)
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => listeners.clear(),
  }
}
