import { errors } from 'undici'
import { UpstreamError, UpstreamTimeoutError, type UpstreamErrorCode } from './errors.ts'

type NetworkCode = Exclude<UpstreamErrorCode, `${string}_TIMEOUT`>

const NETWORK: ReadonlyMap<string, NetworkCode> = new Map([
  ['ECONNREFUSED', 'SLUICE_UPSTREAM_REFUSED'],
  ['EHOSTUNREACH', 'SLUICE_UPSTREAM_REFUSED'],
  ['ENETUNREACH', 'SLUICE_UPSTREAM_REFUSED'],
  ['EHOSTDOWN', 'SLUICE_UPSTREAM_REFUSED'],
  ['EADDRNOTAVAIL', 'SLUICE_UPSTREAM_REFUSED'],
  // A unix socket without a listener, without a file, or not ours to open.
  ['ENOENT', 'SLUICE_UPSTREAM_REFUSED'],
  ['EACCES', 'SLUICE_UPSTREAM_REFUSED'],
  ['ENOTFOUND', 'SLUICE_UPSTREAM_DNS'],
  ['EAI_AGAIN', 'SLUICE_UPSTREAM_DNS'],
  ['EAI_FAIL', 'SLUICE_UPSTREAM_DNS'],
  ['ECONNRESET', 'SLUICE_UPSTREAM_RESET'],
  ['ECONNABORTED', 'SLUICE_UPSTREAM_RESET'],
  ['EPIPE', 'SLUICE_UPSTREAM_RESET'],
  ['UND_ERR_SOCKET', 'SLUICE_UPSTREAM_RESET'],
  // undici's own ends of an HTTP/2 session (GOAWAY, a refused stream) and of a socket that it gave up.
  ['UND_ERR_INFO', 'SLUICE_UPSTREAM_RESET'],
  ['ERR_HTTP2_STREAM_ERROR', 'SLUICE_UPSTREAM_RESET'],
  ['ERR_HTTP2_SESSION_ERROR', 'SLUICE_UPSTREAM_RESET'],
  ['UND_ERR_HEADERS_OVERFLOW', 'SLUICE_UPSTREAM_PROTOCOL'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'SLUICE_UPSTREAM_PROTOCOL'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'SLUICE_UPSTREAM_PROTOCOL'],
  ['UND_ERR_DESTROYED', 'SLUICE_UPSTREAM_UNAVAILABLE'],
  ['UND_ERR_CLOSED', 'SLUICE_UPSTREAM_UNAVAILABLE'],
])

const TIMEOUTS = new Map([
  ['ETIMEDOUT', 'SLUICE_UPSTREAM_CONNECT_TIMEOUT'],
  ['UND_ERR_CONNECT_TIMEOUT', 'SLUICE_UPSTREAM_CONNECT_TIMEOUT'],
  ['UND_ERR_HEADERS_TIMEOUT', 'SLUICE_UPSTREAM_HEADERS_TIMEOUT'],
  ['UND_ERR_BODY_TIMEOUT', 'SLUICE_UPSTREAM_BODY_TIMEOUT'],
] as const)

// OpenSSL's own codes, Node's `ERR_TLS_*` and `ERR_SSL_*`, and X.509 verification results.
const TLS =
  /^(?:ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|INVALID_CA$)/

/**
 * The one place where errors of undici and Node become Sluice's. What is none of the upstream's doing (an abort, an
 * invalid argument, a body stream that failed) comes back as it was.
 */
export function toUpstreamError(error: Error, upstream: string, origin?: string): Error {
  if (error instanceof UpstreamError) return error
  // Its `code` is undefined where undici has no name for the parser's number.
  if (error instanceof errors.HTTPParserError) {
    return new UpstreamError('SLUICE_UPSTREAM_PROTOCOL', upstream, origin, error)
  }
  const code = codeOf(error)
  if (code === undefined) return error
  const network = NETWORK.get(code)
  if (network !== undefined) return new UpstreamError(network, upstream, origin, error)
  const timeout = TIMEOUTS.get(code as never)
  if (timeout !== undefined) return new UpstreamTimeoutError(timeout, upstream, origin, error)
  if (TLS.test(code)) return new UpstreamError('SLUICE_UPSTREAM_TLS', upstream, origin, error)
  return error
}

function codeOf(error: Error): string | undefined {
  // Node gathers the failures of several addresses of one name ("happy eyeballs"); the first one speaks for all.
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  const code = (first as NodeJS.ErrnoException).code
  return typeof code === 'string' ? code : undefined
}
