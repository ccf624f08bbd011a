import { KeyStoreReadOnlyError } from '../errors.ts'
import { parseKeyEntries, type ApiKeyEntry } from '../keys/key-entry.ts'
import type { ApiKeyStore } from './api-key-store.ts'
import { KeyTable } from './key-table.ts'

/**
 * Keys of the configuration: they end with it, and nothing changes them while the process runs.
 *
 * @throws ApiKeyConfigurationError with everything that is wrong in the entries
 */
export function staticKeys(entries: readonly ApiKeyEntry[]): ApiKeyStore {
  const table = new KeyTable(parseKeyEntries(entries, 'Static API keys'))
  const refuse = (): never => {
    throw new KeyStoreReadOnlyError()
  }
  return {
    local: true,
    foreignKeys: table.some((record) => record.foreign === true),
    findByHash: (hash) => table.findByHash(hash),
    get: (id) => table.get(id),
    list: (filter) => table.list(filter),
    put: refuse,
    remove: refuse,
    touch: (uses) => {
      for (const [id, at] of uses) table.touch(id, at)
    },
    watch: () => () => {},
    close: () => {},
  }
}
