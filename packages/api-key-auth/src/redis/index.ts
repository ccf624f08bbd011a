export { redisKeys } from './redis-keys.ts'
export type { RedisKeysOptions } from './redis-keys.ts'
