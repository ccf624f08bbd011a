import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CircuitBreaker } from '../breaker.ts'
import { BreakerTimeoutError } from '../errors.ts'
import { causeOf, type Verdict } from '../classify.ts'
import { pauseAsAsked } from '../http/honor-retry-after.ts'
import { ignored, judge, judgeError, settle } from '../http/judge.ts'
import { isOpenEnded } from '../http/open-ended.ts'
import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import { hasLeft, isSentWhole } from './client.ts'
import type { GuardOptions } from './guard-options.ts'
import { headerNames } from './header-names.ts'
import { isResponse, watchBody } from './watch-body.ts'

interface Guarded {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly options: GuardOptions
  readonly breaker: CircuitBreaker
  /** None with `permit: 'attempt'`: the guard keeps the time then and counts nothing. */
  readonly permit: Permit | undefined
  readonly onTimeout: (error: BreakerTimeoutError) => void
}

/**
 * Follows one admitted request from the gate to the end of its answer and settles its permit: by the answer's status
 * and body, the handler's error, the time limit, or the client leaving. A permit settles once, so whatever comes first
 * counts and the order of Fastify's callbacks does not matter.
 */
export class RouteGuard {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly breaker: CircuitBreaker
  readonly permit: Permit | undefined
  /** Names of the headers that were there before the handler. */
  readonly headersBefore: readonly string[]
  /** Whether somebody else than the handler answers: a rejection, a timeout or a fallback. */
  answered = false
  /** Whether the handler ended with an error. */
  failed = false
  readonly #countBody: boolean
  readonly #honored: readonly number[]
  #timer: NodeJS.Timeout | undefined
  #abort: AbortController | undefined
  #aborted: { readonly reason: Error | undefined } | undefined

  constructor({ request, reply, options, breaker, permit, onTimeout }: Guarded) {
    this.breaker = breaker
    this.permit = permit
    this.headersBefore = headerNames(reply)
    this.request = request
    this.reply = reply
    this.#countBody = options.countBody
    this.#honored = options.honored
    reply.raw.once('close', () => this.#closed())
    const timeoutMs = Math.min(options.timeoutMs ?? Infinity, permit?.timeoutMs ?? Infinity)
    if (timeoutMs !== Infinity) {
      this.#timer = setTimeout(() => onTimeout(new BreakerTimeoutError(breaker.name, timeoutMs)), timeoutMs)
    }
  }

  /** Aborts when the client leaves or the time is up; made when first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#aborted !== undefined) this.#abort.abort(this.#aborted.reason)
    return this.#abort.signal
  }

  /** The handler's answer begins: the time limit is met, and a status other than a success counts at once. */
  begin(payload: unknown): Outcome {
    clearTimeout(this.#timer)
    const statusCode = isResponse(payload) ? payload.status : this.reply.statusCode
    const verdict = hasLeft(this.reply) ? ignored : judge({ statusCode }, this.breaker.options)
    if (verdict.outcome !== 'success') this.#settle(verdict)
    if (this.#honored.includes(statusCode)) pauseAsAsked(this.breaker, this.#header(payload, 'retry-after'))
    return verdict.outcome
  }

  /** The answer of a success counts when its body has ended. Returns what is to be sent. */
  follow(payload: unknown): unknown {
    const { permit } = this
    if (permit === undefined) return payload
    const watched = this.#endsWithHeaders(payload) ? undefined : watchBody(payload, this.#bodyEnded)
    if (watched === undefined) permit.success()
    return watched ?? payload
  }

  /** The handler failed. An error with a status below 500 is an answer like others, and counts as one. */
  fail(error: unknown, statusCode: number): Outcome {
    this.failed = true
    clearTimeout(this.#timer)
    if (statusCode < 500 && !hasLeft(this.reply)) return 'success'
    const verdict = hasLeft(this.reply) ? ignored : judgeError(error, statusCode, this.breaker.options)
    this.#settle(verdict)
    return verdict.outcome
  }

  /** The time is up. */
  timeOut(error: BreakerTimeoutError): void {
    this.permit?.failure({ kind: 'timeout', detail: `${error.timeoutMs} ms` })
    this.#leave(error)
  }

  /** The connection speaks another protocol from now on. */
  upgraded(): void {
    clearTimeout(this.#timer)
    this.permit?.success()
  }

  upgradeRefused(statusCode: number): void {
    clearTimeout(this.#timer)
    this.#settle(judge({ statusCode }, this.breaker.options))
  }

  #endsWithHeaders(payload: unknown): boolean {
    if (!this.#countBody || this.request.method === 'HEAD') return true
    return isOpenEnded(this.#header(payload, 'content-type'))
  }

  #header(payload: unknown, name: string): string | undefined {
    const value = isResponse(payload) ? payload.headers.get(name) : this.reply.getHeader(name)
    return value === undefined || value === null ? undefined : String(value)
  }

  /** An upstream that dies breaks the body while the client is there; a client that leaves is gone by then. */
  readonly #bodyEnded = (error?: Error): void => {
    if (error === undefined) this.permit?.success()
    else this.#settle(hasLeft(this.reply) ? ignored : { outcome: 'failure', cause: causeOf({ error }) })
  }

  /** The last net: an answer that the handler wrote by hand, or a client that left. */
  #closed(): void {
    clearTimeout(this.#timer)
    if (isSentWhole(this.reply)) {
      this.#settle(judge({ statusCode: this.reply.raw.statusCode }, this.breaker.options))
    } else {
      this.permit?.ignore()
      this.#leave(undefined)
    }
  }

  #settle(verdict: Verdict): void {
    if (this.permit !== undefined) settle(this.permit, verdict)
  }

  #leave(reason: Error | undefined): void {
    this.#aborted ??= { reason }
    this.#abort?.abort(reason)
  }
}
