import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CircuitBreaker } from '../breaker.ts'
import { BreakerTimeoutError } from '../errors.ts'
import { pauseAsAsked } from '../http/honor-retry-after.ts'
import { judge, settle } from '../http/judge.ts'
import { isOpenEnded } from '../http/open-ended.ts'
import type { Permit } from '../permit.ts'
import { judgeAttemptError } from './judge-attempt-error.ts'
import { refuse } from './refuse.ts'

type Controller = Dispatcher.DispatchController

export interface Attempt {
  readonly breaker: CircuitBreaker
  readonly permit: Permit
  readonly request: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  readonly countBody: boolean
  /** Statuses whose `Retry-After` pauses the breaker. */
  readonly honored: readonly number[]
}

/** Passes one attempt on and settles its permit by what it sees: the first outcome counts, a permit settles once. */
export class AttemptHandler implements Dispatcher.DispatchHandler {
  readonly #breaker: CircuitBreaker
  readonly #permit: Permit
  readonly #handler: Dispatcher.DispatchHandler
  /** Whether an answer counts with its headers. */
  readonly #headersOnly: boolean
  readonly #honored: readonly number[]
  #controller: Controller | undefined
  #timer: NodeJS.Timeout | undefined
  /** Set when the time was up before there was a connection: the handler has been told, and nothing more may come. */
  #gaveUp: BreakerTimeoutError | undefined

  constructor({ breaker, permit, request, handler, countBody, honored }: Attempt) {
    this.#breaker = breaker
    this.#permit = permit
    this.#handler = handler
    this.#honored = honored
    const { method, upgrade } = request
    this.#headersOnly = !countBody || method === 'HEAD' || method === 'CONNECT' || Boolean(upgrade)
  }

  startTimer(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return
    const error = new BreakerTimeoutError(this.#breaker.name, timeoutMs)
    this.#timer = setTimeout(() => this.#timeOut(error), timeoutMs)
  }

  /** The attempt was never made. */
  abandon(): void {
    clearTimeout(this.#timer)
    this.#permit.ignore()
  }

  onRequestStart(controller: Controller, context: unknown): void {
    if (this.#gaveUp !== undefined) return controller.abort(this.#gaveUp)
    this.#controller = controller
    this.#handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    clearTimeout(this.#timer)
    this.#permit.success()
    this.#handler.onRequestUpgrade?.(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (status >= 200) this.#judgeHeaders(status, headers)
    this.#deliver(() => this.#handler.onResponseStart?.(controller, status, headers, message))
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#deliver(() => this.#handler.onResponseData?.(controller, chunk))
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#permit.success()
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  /** undici has no controller for what fails before there is a connection. */
  onResponseError(controller: Controller | undefined, error: Error): void {
    clearTimeout(this.#timer)
    if (this.#gaveUp !== undefined) return
    settle(this.#permit, judgeAttemptError(error, controller?.aborted ?? false, this.#breaker.options))
    this.#handler.onResponseError?.(controller!, error)
  }

  #judgeHeaders(statusCode: number, headers: IncomingHttpHeaders): void {
    clearTimeout(this.#timer)
    const verdict = judge({ statusCode }, this.#breaker.options)
    if (verdict.outcome !== 'success' || this.#headersOnly || isOpenEnded(headers['content-type'])) {
      settle(this.#permit, verdict)
    }
    if (this.#honored.includes(statusCode)) pauseAsAsked(this.#breaker, headers['retry-after'])
  }

  /** What the receiver throws is no sign of the upstream's health. */
  #deliver(event: () => void): void {
    try {
      event()
    } catch (error) {
      this.#permit.ignore()
      throw error
    }
  }

  #timeOut(error: BreakerTimeoutError): void {
    if (this.#controller !== undefined) return this.#controller.abort(error)
    this.#gaveUp = error
    this.#permit.failure({ kind: 'timeout', detail: error.code })
    refuse(this.#handler, error)
  }
}
