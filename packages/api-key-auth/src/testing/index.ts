export { apiKeyStoreContract } from './api-key-store-contract.ts'
export type { StoreContractOptions } from './api-key-store-contract.ts'
