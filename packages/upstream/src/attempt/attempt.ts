import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  classify,
  type CircuitBreaker,
  type Permit,
  type Verdict,
  retryAfterMs,
} from '@sluice/circuit-breaker'
import { errors } from 'undici'
import { toUpstreamError } from '../error-mapping.ts'
import { UpstreamError, UpstreamTimeoutError } from '../errors.ts'
import type { Controller, ResponseHandler } from '../handler.ts'
import type { LatencyWindow } from '../hedge/latency-window.ts'
import type { Origin } from '../origin/origin.ts'

/** Judges for an origin without a breaker: by the breaker's defaults. */
const ANYBODY = { isFailure: undefined, failOn: { status: undefined, network: true } }

/** Longest pause that `honorRetryAfter` lets an upstream declare. */
const MAX_PAUSE_MS = 60_000

/** What all attempts of an upstream have in common. */
export interface AttemptScope {
  readonly upstream: string
  readonly breaker: CircuitBreaker | undefined
  readonly honorRetryAfter: boolean
  /** Where hedging learns how long answers take; undefined without it. */
  readonly latency: LatencyWindow | undefined
  readonly now: () => number
}

/**
 * One sending of a request to one origin: keeps the origin's books and settles the permits of the upstream's breaker and
 * the origin's. A failing status settles them at the headers, and so does an event stream, which has no end to wait for;
 * else the end of the body does.
 */
export class Attempt implements ResponseHandler {
  readonly #next: ResponseHandler
  readonly #scope: AttemptScope
  readonly #origin: Origin
  readonly #body: unknown
  readonly #permit: Permit | undefined
  readonly #originPermit: Permit | undefined
  readonly #startedAt: number
  #withdrawn = false
  #notModified = false
  #over = false

  constructor(
    next: ResponseHandler,
    scope: AttemptScope,
    origin: Origin,
    body: unknown,
    permit: Permit | undefined,
    originPermit: Permit | undefined,
  ) {
    this.#next = next
    this.#scope = scope
    this.#origin = origin
    this.#body = body
    this.#permit = permit
    this.#originPermit = originPermit
    this.#startedAt = scope.latency === undefined ? 0 : scope.now()
    origin.requests++
    origin.active++
  }

  onRequestStart(controller: Controller, context: unknown): void {
    // The layers above throw when their caller has left meanwhile: then this stays true.
    this.#withdrawn = true
    this.#next.onRequestStart(controller, context)
    this.#withdrawn = false
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#succeed()
    this.#leave()
    this.#next.onRequestUpgrade(controller, status, headers, socket)
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (status >= 200) this.#answered(status, headers)
    this.#notModified = status === 304
    this.#next.onResponseStart(controller, status, headers, message)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#next.onResponseData(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#succeed()
    this.#leave()
    this.#next.onResponseEnd(controller, trailers)
  }

  onResponseError(controller: Controller | null, cause: Error): void {
    // undici looks for a body of the length that a 304 names, which is that of the answer it stands for (RFC 9110 §8.6).
    if (
      this.#notModified &&
      controller !== null &&
      cause instanceof errors.ResponseContentLengthMismatchError
    ) {
      this.onResponseEnd(controller, {})
      return
    }
    const error = this.#isOurs(controller, cause)
      ? cause
      : toUpstreamError(cause, this.#scope.upstream, this.#origin.address.label)
    if (error instanceof UpstreamError) this.#failed(error)
    else this.#ignore()
    this.#leave()
    this.#next.onResponseError(controller, error)
  }

  /** Whether the request ended on this side: aborted, withdrawn, or its own body failed. */
  #isOurs(controller: Controller | null, error: Error): boolean {
    if (error instanceof UpstreamTimeoutError) return false
    if (this.#withdrawn || controller?.aborted === true) return true
    const { errored } = (this.#body ?? {}) as { errored?: unknown }
    return errored === error
  }

  #answered(status: number, headers: IncomingHttpHeaders): void {
    const { breaker, latency, honorRetryAfter } = this.#scope
    const own = this.#origin.breaker
    latency?.record(this.#scope.now() - this.#startedAt, this.#scope.now())
    if (isEventStream(headers)) this.#succeed()
    // Most answers need no judge.
    if (isPlain(status, breaker) && isPlain(status, own)) return
    settleEarly(this.#permit, classify({ statusCode: status }, breaker?.options ?? ANYBODY))
    const verdict = classify({ statusCode: status }, (own ?? breaker)?.options ?? ANYBODY)
    settleEarly(this.#originPermit, verdict)
    if (verdict.outcome === 'failure') this.#blame()
    if (honorRetryAfter && status === 503) {
      const pauseMs = retryAfterMs(headers['retry-after'], Date.now())
      if (pauseMs !== undefined) (own ?? breaker)?.pause(Math.min(pauseMs, MAX_PAUSE_MS), 'Retry-After')
    }
  }

  #failed(error: UpstreamError): void {
    const { breaker } = this.#scope
    const own = this.#origin.breaker
    settle(this.#permit, classify({ error }, breaker?.options ?? ANYBODY))
    settle(this.#originPermit, classify({ error }, own?.options ?? ANYBODY))
    this.#blame()
  }

  #succeed(): void {
    this.#permit?.success()
    this.#originPermit?.success()
  }

  #ignore(): void {
    this.#permit?.ignore()
    this.#originPermit?.ignore()
  }

  #blame(): void {
    this.#origin.failures++
    this.#origin.failureScore.add(this.#scope.now())
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#origin.active--
  }
}

/** Whether a status is no failure in anybody's eyes. */
function isPlain(status: number, breaker: CircuitBreaker | undefined): boolean {
  if (status >= 400) return false
  return breaker === undefined || (breaker.options.isFailure ?? breaker.options.failOn.status) === undefined
}

/** At the headers: a failing status settles at once, a good one waits for its body. */
function settleEarly(permit: Permit | undefined, verdict: Verdict): void {
  if (verdict.outcome !== 'success') settle(permit, verdict)
}

function settle(permit: Permit | undefined, { outcome, cause }: Verdict): void {
  if (outcome === 'failure') permit?.failure(cause)
  else if (outcome === 'ignored') permit?.ignore()
  else permit?.success()
}

function isEventStream(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true
}
