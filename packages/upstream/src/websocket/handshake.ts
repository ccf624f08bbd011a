import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errors } from 'undici'
import type { Attempt } from '../attempt/attempt.ts'
import type { UpstreamCounters } from '../counters.ts'
import { UpstreamTimeoutError } from '../errors.ts'
import type { Controller, ResponseHandler } from '../handler.ts'

/** Counts how the handshake of a WebSocket ended. What its connection does from then on is nobody's attempt. */
export class Handshake implements ResponseHandler {
  readonly #counters: UpstreamCounters

  constructor(counters: UpstreamCounters) {
    this.#counters = counters
    counters.requests++
  }

  onRequestStart(): void {}
  onRequestUpgrade(): void {}
  onResponseStart(): void {}
  onResponseData(): void {}
  onResponseEnd(): void {}
  onResponseError(_: Controller | null, error: Error): void {
    this.#counters.failed(error)
  }
}

// Who aborts is all that an attempt asks of a controller when a handshake fails.
const LEFT = { aborted: true } as Controller

/** Tells `attempt` how its handshake ends: 101 or another status, an error, the time being up, or `client` leaving. */
export function follow(request: ClientRequest, attempt: Attempt, upstream: string, client: Socket): void {
  const leave = (): void => void request.destroy(new errors.RequestAbortedError())
  const over = (): void => void client.off('close', leave)
  if (client.destroyed) setImmediate(leave)
  else client.once('close', leave)

  // Before `ws` hears of it, which destroys the request without saying why.
  request.prependOnceListener('timeout', () => {
    request.destroy(new UpstreamTimeoutError('SLUICE_UPSTREAM_HEADERS_TIMEOUT', upstream))
  })
  request.once('error', (error) => {
    over()
    attempt.onResponseError(client.destroyed ? LEFT : null, error)
  })
  request.once('upgrade', ({ headers }: IncomingMessage, socket: Duplex) => {
    over()
    attempt.onRequestUpgrade(LEFT, 101, headers, socket)
  })
  request.once('response', ({ statusCode = 502, headers }: IncomingMessage) => {
    over()
    attempt.onResponseStart(LEFT, statusCode, headers)
    attempt.onResponseEnd(LEFT, {})
  })
}
