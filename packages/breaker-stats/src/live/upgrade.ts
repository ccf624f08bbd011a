import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Claims the upgrade requests for one path, beside any others that handle upgrades on the same server
 * (@fastify/http-proxy, @fastify/websocket), in whatever order they were registered.
 *
 * Two things follow from sharing the event:
 * - A proxy of `/` takes every upgrade, ours too, and sends it through the router: the route at our path must then keep
 *   its hands off (`isClaimed`).
 * - Once anybody listens, Node leaves every upgrade request to the listeners, also those that nobody wants, such as
 *   `Upgrade: h2c` of curl --http2. Those get an ordinary answer here instead of none.
 *
 * @returns a function that lets go again
 */
export function claimUpgrades(app: FastifyInstance, path: string, handle: UpgradeHandler): () => void {
  const { server } = app
  const listener: UpgradeHandler = (request, socket, head) => {
    if (pathOf(request) === path) {
      claimed.add(request)
      handle(request, socket, head)
    } else {
      const before = listeners(socket)
      setImmediate(() => {
        if (listeners(socket) === before && socket.writable) answer(app, request, socket)
      })
    }
  }
  server.prependListener('upgrade', listener)
  return () => void server.removeListener('upgrade', listener)
}

const claimed = new WeakSet<IncomingMessage>()

/** Whether this request came as an upgrade and its socket is taken care of. */
export function isClaimed(request: IncomingMessage): boolean {
  return claimed.has(request)
}

/** Whoever takes a socket over listens for its end in some way. */
function listeners(socket: Duplex): number {
  return ['close', 'error', 'data', 'readable'].reduce((sum, event) => sum + socket.listenerCount(event), 0)
}

function answer(app: FastifyInstance, request: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as never)
  response.once('finish', () => socket.end())
  socket.on('error', () => socket.destroy())
  app.routing(request, response)
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
