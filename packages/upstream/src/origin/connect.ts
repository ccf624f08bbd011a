import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ResolvedTls } from '../options/options.ts'
import type { OriginAddress } from './address.ts'

/** Makes connections to one origin over TCP, TLS or a unix socket. */
export interface Connector {
  readonly secure: boolean
  /** `onread` is for connections without TLS. */
  connect(onread?: OnReadOpts): Socket
}

/** How long a silent connection is trusted before TCP asks whether the other side is still there. */
const KEEP_ALIVE_DELAY_MS = 60_000

/** TLS sessions are resumed from one connection to the next. */
export function createConnector({ url, socketPath, address }: OriginAddress, tls: ResolvedTls): Connector {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'https:'
  const port = Number(url.port || (secure ? 443 : 80))
  const place = {
    ...(socketPath === undefined ? { host: address ?? name, port } : { path: socketPath }),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  }
  if (!secure) {
    return {
      secure,
      connect: (onread) => connectTcp({ ...place, ...(onread && { onread }) }),
    }
  }
  // An address is no server name (RFC 6066 §3); the certificate is checked against it all the same.
  const servername = isIP(name) === 0 ? name : ''
  const secureContext = tls.secureContext ?? createSecureContext()
  let session: Buffer | undefined
  return {
    secure,
    connect() {
      const socket = connectTls({
        ...place,
        servername,
        ALPNProtocols: ['http/1.1'],
        ...tls,
        secureContext,
        ...(session && { session }),
      })
      return socket.on('session', (latest) => (session = latest))
    },
  }
}
