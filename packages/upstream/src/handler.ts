import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'

export type Controller = Dispatcher.DispatchController

/**
 * A dispatch handler of undici 7 with all its methods. Each layer of the chain makes at most one for a request or an
 * attempt and passes on what does not concern it.
 */
export interface ResponseHandler {
  /** May throw, to withdraw a request that has not been written yet: its connection then stays whole. */
  onRequestStart(controller: Controller, context: unknown): void
  onRequestUpgrade(controller: Controller, status: number, headers: IncomingHttpHeaders, socket: Duplex): void
  /** Comes once for each 1xx and once for the final status. */
  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void
  onResponseData(controller: Controller, chunk: Buffer): void
  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void
  onResponseError(controller: Controller | null, error: Error): void
}
