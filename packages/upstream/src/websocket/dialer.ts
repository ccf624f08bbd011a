import { countHandshake } from '@sluice/circuit-breaker'
import type { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import { Socket } from 'node:net'
import type { Admission, Admitted } from '../attempt/admission.ts'
import { kUpstreamContext, type UpstreamContext } from '../context.ts'
import type { UpstreamCounters } from '../counters.ts'
import type { ResolvedUpstreamOptions } from '../options/options.ts'
import { createConnector } from '../origin/connect.ts'
import { follow, Handshake } from './handshake.ts'

/** What a dialer must know of an upgrade beyond its fields. */
export interface Upgrade {
  /** The connection that is to be upgraded. */
  readonly client: Socket
  /** Whether the route's gate has a permit of the upstream's breaker for it. */
  readonly gated: boolean
  readonly context: UpstreamContext | undefined
}

/** Where it stands among the fields; symbols are no fields, and are never sent. */
export const kUpgrade: unique symbol = Symbol('sluice.upstream.upgrade')

type UpgradeHeaders = Record<string, string> & { readonly [kUpgrade]: Upgrade }

/** The part of `wsClientOptions` by which each upgrade goes where any other request might go. */
export interface WebSocketDialer {
  readonly handshakeTimeout?: number
  createConnection(options: { readonly headers: UpgradeHeaders; readonly timeout?: number }): Socket
  finishRequest(request: ClientRequest, socket: EventEmitter): void
}

export interface DialerParts {
  readonly options: ResolvedUpstreamOptions
  readonly admission: Admission
  readonly counters: UpstreamCounters
  /** Before the first one. */
  readonly begin: () => void
}

/**
 * Makes one. `ws` asks for the connection and finishes the request in one go, for the first connection as for each
 * reconnection, so what the former call finds out is at hand in the latter.
 */
export function createDialer({ options, admission, counters, begin }: DialerParts): WebSocketDialer {
  const { name, tls, timeouts } = options
  let dialled: { readonly to: Admitted; readonly client: Socket } | undefined
  return {
    ...(timeouts.headersMs > 0 && { handshakeTimeout: timeouts.headersMs }),

    createConnection({ headers, timeout = 0 }) {
      const { client, gated, context } = headers[kUpgrade]
      begin()
      const handshake = new Handshake(counters)
      const dispatch = { path: '', method: 'GET' as const, headers, [kUpstreamContext]: context }
      const to = admission.admit({ options: dispatch, tried: undefined }, handshake, gated)
      if (to instanceof Error) {
        dialled = undefined
        handshake.onResponseError(null, to)
        return unconnected(to)
      }
      dialled = { to, client }
      // `ws` lifts it once the handshake is done.
      return createConnector(to.origin.address, tls).connect().setTimeout(timeout)
    },

    finishRequest(request, socket) {
      if (dialled !== undefined) {
        const { to, client } = dialled
        dialled = undefined
        request.setHeader('host', to.origin.address.url.host)
        follow(request, to.attempt, name, client)
      }
      countHandshake(request, socket)
    },
  }
}

/** A connection that fails with `error` as soon as somebody listens. */
function unconnected(error: Error): Socket {
  const socket = new Socket()
  setImmediate(() => socket.destroy(error))
  return socket
}
