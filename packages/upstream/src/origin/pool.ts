import { isIPv6, type LookupFunction } from 'node:net'
import { buildConnector, Pool } from 'undici'
import type { ResolvedUpstreamOptions } from '../options.ts'
import type { OriginAddress } from './address.ts'

type ConnectionOptions = Pick<ResolvedUpstreamOptions, 'tls' | 'http2' | 'pool' | 'timeouts'>

/**
 * Connections to one address. Deadlines are {@link AttemptTimeouts}' business, so undici's are off, but for the one
 * that ends a connection nobody waits for any more.
 */
export function createPool(
  { url, socketPath, address }: OriginAddress,
  { tls, http2, pool, timeouts }: ConnectionOptions,
  connections: number | null = pool.connections,
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
