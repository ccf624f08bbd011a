export {
  cacheStoreContract,
  type CacheStoreContractOptions,
  type StoreContractHost,
} from './cache-store-contract.ts'
export type { CacheEntry } from '../entry.ts'
export type { CacheStore, Lookup, PurgeMode } from '../store.ts'
