import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { OriginAddress } from '../origin/address.ts'
import type { TlsOptions } from '../options.ts'

/** A connection to an origin that no pool keeps: over TCP, TLS or a unix socket. */
export function connectTo({ url, socketPath, address }: OriginAddress, tls: TlsOptions): Socket {
  if (socketPath !== undefined) return connectTcp({ path: socketPath })
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const host = address ?? name
  if (url.protocol === 'http:') return connectTcp({ host, port: Number(url.port || 80) })
  // An address is no server name (RFC 6066 §3); the certificate is checked against it all the same.
  const servername = isIP(name) === 0 ? name : ''
  return connectTls({ host, port: Number(url.port || 443), servername, ...tls })
}
