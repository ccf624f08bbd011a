import { errors } from 'undici'
import { test } from 'tap'
import { toUpstreamError } from '../src/error-mapping.ts'
import { UpstreamError, UpstreamTimeoutError } from '../src/index.ts'

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code })
}

const CASES: readonly [Error, string, number][] = [
  [withCode('ECONNREFUSED'), 'SLUICE_UPSTREAM_REFUSED', 502],
  [new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]), 'SLUICE_UPSTREAM_REFUSED', 502],
  [withCode('ENOTFOUND'), 'SLUICE_UPSTREAM_DNS', 502],
  [withCode('EAI_AGAIN'), 'SLUICE_UPSTREAM_DNS', 502],
  [withCode('ECONNRESET'), 'SLUICE_UPSTREAM_RESET', 502],
  [new errors.SocketError('other side closed'), 'SLUICE_UPSTREAM_RESET', 502],
  [withCode('ERR_TLS_CERT_ALTNAME_INVALID'), 'SLUICE_UPSTREAM_TLS', 502],
  [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'SLUICE_UPSTREAM_TLS', 502],
  [withCode('CERT_HAS_EXPIRED'), 'SLUICE_UPSTREAM_TLS', 502],
  [new errors.HTTPParserError('not HTTP'), 'SLUICE_UPSTREAM_PROTOCOL', 502],
  [new errors.HeadersOverflowError(), 'SLUICE_UPSTREAM_PROTOCOL', 502],
  [new errors.ResponseContentLengthMismatchError(), 'SLUICE_UPSTREAM_PROTOCOL', 502],
  [new errors.ConnectTimeoutError(), 'SLUICE_UPSTREAM_CONNECT_TIMEOUT', 504],
  [withCode('ETIMEDOUT'), 'SLUICE_UPSTREAM_CONNECT_TIMEOUT', 504],
  [new errors.HeadersTimeoutError(), 'SLUICE_UPSTREAM_HEADERS_TIMEOUT', 504],
  [new errors.BodyTimeoutError(), 'SLUICE_UPSTREAM_BODY_TIMEOUT', 504],
  [new errors.ClientClosedError(), 'SLUICE_UPSTREAM_UNAVAILABLE', 503],
]

test('gives each failure of the network a code and a status', async (t) => {
  for (const [cause, code, statusCode] of CASES) {
    const error = toUpstreamError(cause, 'orders', 'http://10.0.0.1')
    t.match(error, { code, statusCode, upstream: 'orders', origin: 'http://10.0.0.1' }, code)
    t.equal(error.cause, cause)
    t.ok(error instanceof UpstreamError)
    t.equal(error instanceof UpstreamTimeoutError, statusCode === 504)
    t.notMatch(error.message, /10\.0\.0\.1/, 'addresses are not for clients')
    t.notMatch(error.stack ?? '', /\n\s+at /, 'no stack')
  }
})

test('leaves alone what is not the upstream’s', async (t) => {
  const own = new UpstreamError('SLUICE_UPSTREAM_RESET', 'orders')
  for (const error of [
    own,
    new Error('x'),
    new errors.RequestAbortedError(),
    new errors.InvalidArgumentError(),
  ]) {
    t.equal(toUpstreamError(error, 'orders'), error)
  }
})
