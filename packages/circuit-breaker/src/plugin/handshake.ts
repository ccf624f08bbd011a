import type { EventEmitter } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { RouteGuard } from './route-guard.ts'

/** Whether a request has come to change protocols, and its server lets it. */
export function isUpgrade({ raw }: FastifyRequest): boolean {
  return (raw as IncomingMessage & { upgrade?: boolean }).upgrade === true
}

/** The request whose handler is just taking its connection over. */
let upgrading: RouteGuard | undefined

/**
 * An upgrade counts by its handshake, not by how long its connection lives: by the handshake with the upstream, if
 * `countHandshake` sees that begin before the handler returns, else by the one with the client.
 */
export function upgraded(guard: RouteGuard): void {
  upgrading = guard
  queueMicrotask(() => {
    if (upgrading !== guard) return
    upgrading = undefined
    guard.upgraded()
  })
}

/**
 * For `@fastify/http-proxy`, which answers a client's upgrade before it asks the upstream for one: with
 * `wsClientOptions: { finishRequest: countHandshake }` the upstream's answer counts, and a refusal is a failure.
 */
export function countHandshake(request: ClientRequest, socket: EventEmitter): void {
  const guard = upgrading
  upgrading = undefined
  if (guard !== undefined) {
    socket.once('open', () => guard.upgraded())
    request.once('response', ({ statusCode = 502 }: IncomingMessage) => guard.upgradeRefused(statusCode))
    request.once('error', (error) => guard.fail(error, 502))
  }
  request.end()
}
