import createError from '@fastify/error'

/** The path has a dot segment, a backslash, a fragment or a NUL, in any spelling, or is no path but a URL. */
export const UnsafePathError: createError.FastifyErrorConstructor<{ code: 'SLUICE_UNSAFE_PATH' }> =
  createError('SLUICE_UNSAFE_PATH', 'the path contains characters or segments that are not forwarded', 400)

/** The request names more than one host (RFC 9112 §3.2), so that two servers may serve it for two sites. */
export const DuplicateHostError: createError.FastifyErrorConstructor<{ code: 'SLUICE_DUPLICATE_HOST' }> =
  createError('SLUICE_DUPLICATE_HOST', 'the request has more than one Host header', 400)

/** The request body is encoded with something besides `chunked` (RFC 9112 §6.1). */
export const TransferCodingError: createError.FastifyErrorConstructor<{ code: 'SLUICE_TRANSFER_CODING' }> =
  createError('SLUICE_TRANSFER_CODING', 'the transfer coding of the request body is not supported', 501)

/** The request body is longer than the proxy forwards. */
export const BodyTooLargeError: createError.FastifyErrorConstructor<{ code: 'SLUICE_BODY_TOO_LARGE' }> =
  createError('SLUICE_BODY_TOO_LARGE', 'the request body is longer than %s bytes', 413)

/** The app has read the body and left nothing, or nothing that could be written again as it was. */
export const ParsedBodyError: createError.FastifyErrorConstructor<{ code: 'SLUICE_PARSED_BODY' }> =
  createError(
    'SLUICE_PARSED_BODY',
    'a content type parser of the app took the body of type "%s"; register the proxy in a scope of its own and call passThrough(scope)',
    500,
  )
