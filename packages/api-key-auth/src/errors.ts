import createError, { type FastifyErrorConstructor } from '@fastify/error'

type Coded<C extends string, S extends number, A extends unknown[]> = FastifyErrorConstructor<
  { code: C; statusCode: S },
  A
>

/** No key has this id. */
export const ApiKeyNotFoundError: Coded<'SLUICE_API_KEY_NOT_FOUND', 404, [string]> = createError<
  'SLUICE_API_KEY_NOT_FOUND',
  404,
  [string]
>('SLUICE_API_KEY_NOT_FOUND', 'There is no API key %s', 404)

/** The id or the hash is taken, the key was changed by somebody else, or is revoked and can't be changed. */
export const ApiKeyConflictError: Coded<'SLUICE_API_KEY_CONFLICT', 409, [string]> = createError<
  'SLUICE_API_KEY_CONFLICT',
  409,
  [string]
>('SLUICE_API_KEY_CONFLICT', '%s', 409)

/** The store takes no changes: its keys are part of the configuration. */
export const KeyStoreReadOnlyError: Coded<'SLUICE_API_KEY_STORE_READ_ONLY', 409, []> = createError<
  'SLUICE_API_KEY_STORE_READ_ONLY',
  409,
  []
>('SLUICE_API_KEY_STORE_READ_ONLY', 'Keys of the configuration are changed there, not here', 409)

/** The store does not answer, and nothing remembered helps. `retryAfterMs` says when to come back. */
export class KeyStoreUnavailableError extends Error {
  readonly code = 'SLUICE_API_KEY_STORE_UNAVAILABLE'
  readonly statusCode = 503
  readonly retryAfterMs: number

  constructor(retryAfterMs: number, options?: ErrorOptions) {
    super('The store of API keys does not answer', options)
    this.name = 'KeyStoreUnavailableError'
    this.retryAfterMs = retryAfterMs
  }
}
