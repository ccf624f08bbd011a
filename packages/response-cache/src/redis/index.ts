export { redisTier, type RedisTierOptions } from './redis-tier.ts'
export type { Compression } from './entry-codec.ts'
export type { RemoteTier, RemoteTierFactory, RemoteHost, Lease } from '../remote.ts'
