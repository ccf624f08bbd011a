import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { UpstreamTimeoutError, type UpstreamTimeoutCode } from '../errors.ts'
import type { Controller, ResponseHandler } from '../handler.ts'
import type { ResolvedTimeouts } from '../options/options.ts'
import { isReplayable } from '../retry/replayable.ts'

/** What an attempt may take, and where its errors are said to come from. */
export interface AttemptTerms {
  readonly upstream: string
  readonly origin: string
  readonly limits: ResolvedTimeouts
  /** For the whole attempt: what the breaker's permit allows. Infinity: no limit. */
  readonly attemptMs: number
}

/** Dispatches with the deadlines of `terms`. */
export function sendWithTimeouts(
  pool: Dispatcher,
  options: Dispatcher.DispatchOptions,
  next: ResponseHandler,
  terms: AttemptTerms,
): void {
  const uploads = !isReplayable(options.body)
  const handler = new AttemptTimeouts(next, terms, uploads)
  pool.dispatch(uploads ? { ...options, headersTimeout: terms.limits.headersMs } : options, handler)
}

/**
 * The deadlines of one attempt: for a connection (waiting for a place in the pool included), for the response
 * headers, and between two chunks of the body. One timer is armed for the attempt and re-armed only when it fires too
 * early or too late, so that an ordinary request costs one `setTimeout`.
 *
 * An upload is the exception: only the connection sees whether the next move is the upstream's or the sender's. There
 * the headers deadline is the pool's.
 */
class AttemptTimeouts implements ResponseHandler {
  readonly #next: ResponseHandler
  readonly #terms: AttemptTerms
  readonly #uploads: boolean
  #timer: NodeJS.Timeout | undefined
  #phase: UpstreamTimeoutCode = 'SLUICE_UPSTREAM_CONNECT_TIMEOUT'
  #limitMs = 0
  #deadlineAt = Infinity
  #firesAt = Infinity
  #attemptEndsAt = Infinity
  #controller: Controller | undefined
  /** Whether the caller was not reading when it was last looked at. */
  #wasPaused = false
  #expired: UpstreamTimeoutError | undefined
  #over = false

  constructor(next: ResponseHandler, terms: AttemptTerms, uploads: boolean) {
    this.#next = next
    this.#terms = terms
    this.#uploads = uploads
    if (terms.attemptMs !== Infinity) this.#attemptEndsAt = performance.now() + terms.attemptMs
    this.#enter('SLUICE_UPSTREAM_CONNECT_TIMEOUT', terms.limits.connectMs)
  }

  onRequestStart(controller: Controller, context: unknown): void {
    if (this.#expired !== undefined) throw this.#expired
    this.#controller = controller
    this.#enter('SLUICE_UPSTREAM_HEADERS_TIMEOUT', this.#uploads ? 0 : this.#terms.limits.headersMs)
    this.#next.onRequestStart(controller, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#stop()
    this.#next.onRequestUpgrade(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (status >= 200) this.#enter('SLUICE_UPSTREAM_BODY_TIMEOUT', this.#terms.limits.bodyMs)
    this.#next.onResponseStart(controller, status, headers, message)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#limitMs > 0) this.#deadlineAt = performance.now() + this.#limitMs
    this.#next.onResponseData(controller, chunk)
    this.#wasPaused = controller.paused
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#stop()
    this.#next.onResponseEnd(controller, trailers)
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.#stop()
    // Before the request began, the deadline has answered already: this is its echo.
    if (this.#expired !== undefined && this.#controller === undefined) return
    this.#next.onResponseError(controller, error)
  }

  /** The timer has fired: too early for a phase that began after it was armed, or in time. */
  check(): void {
    if (this.#over) return
    const now = performance.now()
    this.#firesAt = Infinity
    // A caller that does not read is not an upstream that does not send. When it has begun to read again, the upstream
    // gets its whole time anew.
    if (this.#wasPaused || this.#controller?.paused === true) {
      this.#wasPaused = this.#controller?.paused === true
      this.#deadlineAt = now + this.#limitMs
    }
    if (this.#attemptEndsAt <= now) this.#phase = 'SLUICE_UPSTREAM_ATTEMPT_TIMEOUT'
    else if (this.#deadlineAt > now) {
      this.#arm(now)
      return
    }
    const error = new UpstreamTimeoutError(this.#phase, this.#terms.upstream, this.#terms.origin)
    this.#expired = error
    if (this.#controller === undefined) this.#next.onResponseError(null, error)
    else this.#controller.abort(error)
  }

  #enter(phase: UpstreamTimeoutCode, limitMs: number): void {
    const now = performance.now()
    this.#phase = phase
    this.#limitMs = limitMs
    this.#deadlineAt = limitMs === 0 ? Infinity : now + limitMs
    if (Math.min(this.#deadlineAt, this.#attemptEndsAt) < this.#firesAt) this.#arm(now)
  }

  #arm(now: number): void {
    const at = Math.min(this.#deadlineAt, this.#attemptEndsAt)
    if (at === Infinity) return
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#firesAt = at
    // Rounded up, lest it fires a fraction too early and is armed again for less than a millisecond.
    this.#timer = setTimeout(checkSoon, Math.ceil(at - now), this)
  }

  #stop(): void {
    this.#over = true
    if (this.#timer !== undefined) clearTimeout(this.#timer)
  }
}

/** After a stall of this process timers come first, and answers that have been waiting only then: let those in. */
function checkSoon(timeouts: AttemptTimeouts): void {
  setImmediate(check, timeouts)
}

function check(timeouts: AttemptTimeouts): void {
  timeouts.check()
}
