import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { OriginAddress } from '../origin/address.ts'
import type { TlsOptions } from '../options.ts'

/** A connection to an origin that no pool keeps: over TCP, TLS or a unix socket. */
export function connectTo({ url, socketPath, address }: OriginAddress, tls: TlsOptions): Socket {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'https:'
  const port = Number(url.port || (secure ? 443 : 80))
  const place = socketPath === undefined ? { host: address ?? name, port } : { path: socketPath }
  if (!secure) return connectTcp(place)
  // An address is no server name (RFC 6066 §3); the certificate is checked against it all the same.
  const servername = isIP(name) === 0 ? name : ''
  return connectTls({ ...place, servername, ...tls })
}
