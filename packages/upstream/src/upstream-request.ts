import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { errors, type Dispatcher } from 'undici'
import { UpstreamTimeoutError } from './errors.ts'
import type { Controller, ResponseHandler } from './handler.ts'
import type { Origin } from './origin/origin.ts'
import type { UpstreamCounters } from './counters.ts'

/** Sends an request on; the answer comes to `handler`. The layers of the chain are made of these. */
export interface Layer {
  send(request: UpstreamRequest, handler: ResponseHandler): void
}

/** Work that waits beside the chain (a retry's pause, two hedged attempts) and must end when the request does. */
export interface Waiting {
  cancel(reason: Error): void
}

/**
 * One request from its dispatch to its end, over all its attempts. Towards the caller it is the one controller, valid
 * from the first moment, so that a caller that leaves is heard while a connection is still being made; towards the
 * chain it is the last handler.
 */
export class UpstreamRequest implements ResponseHandler, Controller {
  readonly options: Dispatcher.DispatchOptions
  /** Origins that have failed this request; another attempt goes elsewhere if it can. Only retries and hedges set it. */
  tried: Origin[] | undefined
  waiting: Waiting | undefined
  /** When the total deadline passes, on the clock of `performance.now()`; Infinity without one. */
  deadlineAt: number = Infinity

  readonly #handler: Dispatcher.DispatchHandler
  readonly #counters: UpstreamCounters
  #inner: Controller | undefined
  #deadline: NodeJS.Timeout | undefined
  #reason: Error | null = null
  #paused = false
  #done = false

  constructor(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    counters: UpstreamCounters,
  ) {
    this.options = options
    this.#handler = handler
    this.#counters = counters
    counters.requests++
  }

  start(chain: Layer, totalMs: number): void {
    if (totalMs > 0) {
      this.deadlineAt = performance.now() + totalMs
      this.#deadline = setTimeout(expire, totalMs, this)
    }
    try {
      this.#handler.onRequestStart?.(this, {})
      if (!this.#done) chain.send(this, this)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get reason(): Error | null {
    return this.#reason
  }

  get paused(): boolean {
    return this.#paused
  }

  get rawHeaders(): NonNullable<Controller['rawHeaders']> | null {
    return this.#inner?.rawHeaders ?? null
  }

  get rawTrailers(): NonNullable<Controller['rawTrailers']> | null {
    return this.#inner?.rawTrailers ?? null
  }

  pause(): void {
    this.#paused = true
    this.#inner?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#inner?.resume()
  }

  abort(reason?: Error): void {
    if (this.#done || this.#reason !== null) return
    const error = reason ?? new errors.RequestAbortedError()
    this.#reason = error
    this.waiting?.cancel(error)
    this.#inner?.abort(error)
    // An attempt that has not begun withdraws as it begins; the caller need not wait for that.
    this.#fail(error)
  }

  expire(): void {
    this.abort(new UpstreamTimeoutError('SLUICE_UPSTREAM_TOTAL_TIMEOUT', this.#counters.upstream))
  }

  onRequestStart(controller: Controller): void {
    if (this.#reason !== null) throw this.#reason
    this.#inner = controller
    if (this.#paused) controller.pause()
  }

  onRequestUpgrade(_: Controller, status: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    this.#handler.onRequestUpgrade?.(this, status, headers, socket)
    this.#finish()
  }

  onResponseStart(_: Controller, status: number, headers: IncomingHttpHeaders, message?: string): void {
    if (!this.#done) this.#handler.onResponseStart?.(this, status, headers, message)
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (!this.#done) this.#handler.onResponseData?.(this, chunk)
  }

  onResponseEnd(_: Controller, trailers: IncomingHttpHeaders): void {
    if (this.#done) return
    this.#finish()
    this.#handler.onResponseEnd?.(this, trailers)
  }

  onResponseError(_: Controller | null, error: Error): void {
    this.#fail(error)
  }

  #fail(error: Error): void {
    if (this.#done) return
    this.#finish()
    this.#counters.failed(error)
    this.#handler.onResponseError?.(this, error)
  }

  #finish(): void {
    this.#done = true
    if (this.#deadline !== undefined) clearTimeout(this.#deadline)
  }
}

function expire(request: UpstreamRequest): void {
  request.expire()
}
