import { isIPv6, type LookupFunction } from 'node:net'
import { buildConnector, Pool, type Dispatcher } from 'undici'
import { Http1Pool } from '../http1/pool.ts'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import type { OriginAddress } from './address.ts'

type ConnectionOptions = Pick<ResolvedUpstreamOptions, 'tls' | 'http2' | 'pool' | 'timeouts'>

/**
 * Connections to one address: our own for HTTP/1.1, undici's where HTTP/2 may be spoken. Deadlines are
 * {@link AttemptTimeouts}' business, but for those of an upload and of a connection nobody waits for any more.
 */
export function createPool(
  address: OriginAddress,
  options: ConnectionOptions,
  connections: number | null = options.pool.connections,
): Dispatcher {
  const { tls, http2, pool, timeouts } = options
  if (http2 !== false) return createHttp2Pool(address, options, connections)
  return new Http1Pool(address, { ...pool, connections, connectMs: timeouts.connectMs, tls })
}

function createHttp2Pool(
  { url, socketPath, address }: OriginAddress,
  { tls, http2, pool, timeouts }: ConnectionOptions,
  connections: number | null,
): Pool {
  const connect: buildConnector.BuildOptions & { readonly useH2c: boolean } = {
    ...tls,
    useH2c: http2 === 'prior-knowledge',
    allowH2: http2 !== false,
    timeout: timeouts.connectMs,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(address === undefined ? {} : { lookup: lookupOf(address) }),
  }
  return new Pool(url, {
    connect: buildConnector(connect),
    allowH2: http2 !== false,
    connections,
    keepAliveTimeout: pool.keepAliveMs,
    maxHeaderSize: pool.maxHeaderBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

function lookupOf(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4
  return (_hostname, { all }, callback) => {
    if (all === true) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}
