import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Controller, ResponseHandler } from '../handler.ts'
import type { HedgedRequest } from './hedged-request.ts'

/** One of the attempts of a hedged request. What it brings is passed on once it has won, and dropped once it has lost. */
export class Runner implements ResponseHandler {
  readonly #race: HedgedRequest
  #controller: Controller | undefined
  #won = false
  #calledBack: Error | undefined

  constructor(race: HedgedRequest) {
    this.#race = race
  }

  /** Ends it, at once or as it begins. */
  callBack(reason: Error): void {
    this.#calledBack = reason
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Controller): void {
    if (this.#calledBack !== undefined) throw this.#calledBack
    this.#controller = controller
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#win(controller)
    this.#race.handler.onRequestUpgrade(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    // An interim response of one attempt would promise something for the other.
    if (status < 200) return
    this.#win(controller)
    this.#race.handler.onResponseStart(controller, status, headers, message)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#race.handler.onResponseData(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#race.handler.onResponseEnd(controller, trailers)
  }

  onResponseError(controller: Controller | null, error: Error): void {
    const { handler } = this.#race
    if (this.#won) handler.onResponseError(controller, error)
    else if (this.#calledBack === undefined) {
      this.#race.failed(this, () => handler.onResponseError(controller, error))
    }
  }

  #win(controller: Controller): void {
    this.#won = true
    this.#race.won(this)
    this.#race.handler.onRequestStart(controller, {})
  }
}
