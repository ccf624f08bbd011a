export { apiKeyAuth, apiKeyAuth as default } from './plugin/api-key-auth.ts'
export { logRedaction } from './plugin/log-redaction.ts'
export type { LogRedaction } from './plugin/log-redaction.ts'
export type { ApiKeyAuthOptions } from './plugin/options.ts'
export type { ApiKey } from './plugin/request-api-key.ts'
export type { RouteApiKey } from './plugin/route-rule.ts'

export { ApiKeys } from './api-keys.ts'
export type { ApiKeysOptions, ChangeContext, IssuedKey, Verification } from './api-keys.ts'
export type { AuditEvent, AuditEvents, KeyChange, KeyRefusal, KeyUse } from './audit-trail.ts'
export type { ApiKeyStats } from './key-stats.ts'

export { staticKeys } from './stores/static-keys.ts'
export { memoryKeys } from './stores/memory-keys.ts'
export { fileKeys } from './file/file-keys.ts'
export type { FileKeysOptions } from './file/file-keys.ts'
// Of ioredis it imports types alone, so this costs nothing where Redis is not used.
export { redisKeys } from './redis/redis-keys.ts'
export type { RedisKeysOptions } from './redis/redis-keys.ts'
export type { ApiKeyStore, KeyStoreEvent, MaybePromise } from './stores/api-key-store.ts'

export { keyPattern, parseKey } from './keys/key-format.ts'
export type { ParsedKey } from './keys/key-format.ts'
export type { KeyChanges } from './keys/checked-attributes.ts'
export type { KeyAttributes } from './keys/key-attributes.ts'
export type { ApiKeyEntry } from './keys/key-entry.ts'
export type { ApiKeyDescription, ApiKeyRecord, KeyRateLimit, KeyStatus } from './keys/key-record.ts'
export type { RefusalReason } from './verify/judge.ts'
export type { KeyMemoryOptions } from './verify/remembered-keys.ts'
export type { ThrottleOptions } from './verify/bad-key-throttle.ts'

export {
  ApiKeyConflictError,
  ApiKeyNotFoundError,
  KeyStoreReadOnlyError,
  KeyStoreUnavailableError,
} from './errors.ts'
export { ApiKeyConfigurationError } from './problems.ts'
export type { ConfigurationProblem } from './problems.ts'
