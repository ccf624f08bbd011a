import type { FastifyInstance } from 'fastify'
import { WebSocketServer } from 'ws'
import { crossSiteGuard } from '../access/cross-site.ts'
import { unguarded, type Guards } from '../access/guard.ts'
import { allowOnly } from '../api/method-not-allowed.ts'
import { UpgradeRequiredError } from '../errors.ts'
import { sendProblem } from '../problem.ts'
import type { Hub } from './hub.ts'
import { Tickets } from './tickets.ts'
import { claimUpgrades, isClaimed } from './upgrade.ts'

const protocol = 'sluice-live'
const ticketPrefix = 'ticket.'

/**
 * `GET <path>/live`, the WebSocket; `POST <path>/ticket`, what lets one in there; `GET <path>/frame`, for those that poll.
 */
export function registerLiveRoutes(
  app: FastifyInstance,
  path: string,
  guards: Guards,
  hub: Hub,
  origins: readonly string[],
): void {
  const tickets = new Tickets()
  serveWebSocket(app, `${path}/live`, hub, tickets)

  app.post(`${path}/ticket`, {
    ...guards.read,
    onRequest: [crossSiteGuard(origins), ...guards.read.onRequest],
    errorHandler: sendProblem,
    handler: async (_request, reply) => {
      void reply.header('cache-control', 'no-store')
      return tickets.issue()
    },
  })
  allowOnly(app, 'POST', `${path}/ticket`)

  app.get(`${path}/frame`, {
    ...guards.read,
    errorHandler: sendProblem,
    handler: async (_request, reply) => {
      void reply.header('cache-control', 'no-store')
      return hub.fullFrame()
    },
  })
  allowOnly(app, 'GET', `${path}/frame`)
}

function serveWebSocket(app: FastifyInstance, path: string, hub: Hub, tickets: Tickets): void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: 1024, // nothing is expected from a dashboard
    perMessageDeflate: false,
    handleProtocols: () => protocol,
  })
  const release = claimUpgrades(app, `${app.prefix}${path}`, (request, socket, head) => {
    const status = hub.isFull ? '503 Service Unavailable' : '401 Unauthorized'
    const ticket = ticketOf(request.headers['sec-websocket-protocol'])
    if (hub.isFull || ticket === undefined || !tickets.redeem(ticket)) {
      socket.on('error', () => socket.destroy())
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    } else {
      server.handleUpgrade(request, socket, head, (viewer) => hub.join(viewer))
    }
  })
  app.addHook('preClose', async () => release())

  app.get(path, {
    config: unguarded.config,
    errorHandler: sendProblem,
    onRequest: (request, reply, done) => {
      if (isClaimed(request.raw)) reply.hijack()
      else done(new UpgradeRequiredError())
    },
    handler: async () => undefined,
  })
  allowOnly(app, 'GET', path)
}

/** Offered as a subprotocol: `sluice-live, ticket.<the ticket>`. */
function ticketOf(offered: string | undefined): string | undefined {
  return offered
    ?.split(',')
    .map((one) => one.trim())
    .find((one) => one.startsWith(ticketPrefix))
    ?.slice(ticketPrefix.length)
}
