import { retryAfterMs } from '@sluice/circuit-breaker'
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { errors } from 'undici'
import type { Controller, ResponseHandler } from '../handler.ts'
import type { UpstreamRequest, Waiting } from '../upstream-request.ts'
import { backoffMs } from './backoff.ts'
import { canSend } from './replayable.ts'
import type { RetryLayer } from './retry-layer.ts'
import { isRetryable } from './retry-rules.ts'

/** A discarded body up to this size is read to its end, to keep the connection; a longer one costs it. */
const DRAIN_BYTES = 65_536

/**
 * A request over its attempts. What an attempt brings is held back until it is known to be the answer; from its first
 * byte on there is no retry any more. The last attempt's answer goes through as it is, a 503 and its body included.
 */
export class RetriedRequest implements ResponseHandler, Waiting {
  readonly #layer: RetryLayer
  readonly #request: UpstreamRequest
  readonly #next: ResponseHandler
  readonly #idempotent: boolean
  #retries = 0
  #answered = false
  #timer: NodeJS.Timeout | undefined
  /** Of the attempt whose answer is being thrown away, beside the wait for the next one. */
  #discarded: Controller | undefined
  #drained = 0

  constructor(layer: RetryLayer, request: UpstreamRequest, next: ResponseHandler, idempotent: boolean) {
    this.#layer = layer
    this.#request = request
    this.#next = next
    this.#idempotent = idempotent
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#next.onRequestStart(controller, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#answered = true
    this.#next.onRequestUpgrade(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (status >= 200) {
      const { statuses } = this.#layer.options
      if (statuses.has(status) && this.#idempotent && this.#schedule(headers)) {
        this.#discard(controller, headers)
        return
      }
      this.#answered = true
    }
    this.#next.onResponseStart(controller, status, headers, message)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (controller !== this.#discarded) {
      this.#next.onResponseData(controller, chunk)
      return
    }
    this.#drained += chunk.length
    if (this.#drained > DRAIN_BYTES) this.#drop()
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    if (controller === this.#discarded) this.#discarded = undefined
    else this.#next.onResponseEnd(controller, trailers)
  }

  onResponseError(controller: Controller | null, error: Error): void {
    if (this.#discarded !== undefined && controller === this.#discarded) {
      this.#discarded = undefined
      return
    }
    if (!this.#answered && isRetryable(error, this.#idempotent) && this.#schedule()) return
    this.#next.onResponseError(controller, error)
  }

  /** The caller has left during the wait. */
  cancel(): void {
    clearTimeout(this.#timer)
    this.#drop()
  }

  again(): void {
    this.#request.waiting = undefined
    this.#drop()
    this.#layer.counters.retries++
    this.#layer.next.send(this.#request, this)
  }

  /** Decides on a retry, takes it from the budget, and waits; false: the attempt stands as it is. */
  #schedule(headers?: IncomingHttpHeaders): boolean {
    const { options, budget, deps } = this.#layer
    const request = this.#request
    if (this.#retries >= options.attempts || request.aborted || !canSend(request.options.body)) return false
    const delayMs = this.#delay(headers)
    if (delayMs === undefined || performance.now() + delayMs >= request.deadlineAt) return false
    if (!budget.withdraw(deps.now())) return false
    this.#retries++
    request.waiting = this
    this.#timer = setTimeout(again, delayMs, this)
    return true
  }

  /** Undefined where the upstream wants to be left alone for longer than a request can wait. */
  #delay(headers: IncomingHttpHeaders | undefined): number | undefined {
    const { options, deps } = this.#layer
    const backoff = backoffMs(options.backoff, this.#retries + 1, deps.random)
    const asked = options.respectRetryAfter ? retryAfterMs(headers?.['retry-after'], Date.now()) : undefined
    if (asked === undefined) return backoff
    return asked > options.backoff.maxMs ? undefined : Math.max(asked, backoff)
  }

  #discard(controller: Controller, headers: IncomingHttpHeaders): void {
    this.#discarded = controller
    this.#drained = 0
    if (Number(headers['content-length']) > DRAIN_BYTES) this.#drop()
  }

  #drop(): void {
    this.#discarded?.abort(new errors.RequestAbortedError())
  }
}

function again(request: RetriedRequest): void {
  request.again()
}
