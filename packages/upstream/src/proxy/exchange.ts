import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errors, type Dispatcher } from 'undici'
import { toUpstreamError } from '../error-mapping.ts'
import { UpstreamError } from '../errors.ts'
import type { ReplyOptions } from './direct-handler.ts'
import { sendEarlyHints } from './early-hints.ts'
import { acceptsTrailers } from './hop-by-hop.ts'
import { ResponseBody } from './response-body.ts'
import {
  copyResponseHeaders,
  dropConnectionFields,
  forwardableTrailers,
  removeResponseHeaders,
} from './response-headers.ts'

/** Bodies up to this length are sent as one Buffer: head and body in one write, and `onSend` hooks see the whole. */
const GATHERED_BYTES = 64 * 1024

/**
 * - `waiting`: for the head
 * - `gathering`: head is here, nothing has been handed to Fastify, so a failure can still be answered with a 502
 * - `streaming`: Fastify has the head and a stream
 * - `done`: answered, failed or abandoned; nothing may touch the reply any more
 */
type Stage = 'waiting' | 'gathering' | 'streaming' | 'done'

/** One request on its way through the proxy: receives the upstream's answer and gives it to Fastify's reply. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #upstream: string
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #options: ReplyOptions
  #stage: Stage = 'waiting'
  #controller: Dispatcher.DispatchController | undefined
  #statusCode = 0
  #statusMessage = ''
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #body: ResponseBody | undefined

  constructor(upstream: string, request: FastifyRequest, reply: FastifyReply, options: ReplyOptions) {
    this.#upstream = upstream
    this.#request = request
    this.#reply = reply
    this.#options = options
    reply.raw.on('close', () => this.#abandon())
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#stage === 'done') controller.abort(new errors.RequestAbortedError())
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage = '',
  ): void {
    this.#controller = controller
    if (this.#stage === 'done') return
    if (statusCode < 200) {
      sendEarlyHints(this.#reply, statusCode, headers)
      return
    }
    if (statusCode > 599) {
      controller.abort(new UpstreamError('SLUICE_UPSTREAM_PROTOCOL', this.#upstream))
      return
    }
    this.#stage = 'gathering'
    this.#statusCode = statusCode
    this.#statusMessage = statusMessage
    this.#headers = headers
    if (this.#hasNoBody()) this.#sendWhole()
    else if (!this.#isSmall()) process.nextTick(startStreaming, this)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stage === 'streaming') this.#body?.write(chunk)
    else if (this.#stage === 'gathering') this.#chunks.push(chunk)
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    if (this.#stage === 'done') return
    const fields = acceptsTrailers(this.#request.headers.te) ? forwardableTrailers(trailers) : undefined
    if (this.#stage === 'gathering' && (fields !== undefined || this.#needsStream())) this.startStreaming()
    if (this.#stage === 'streaming') {
      this.#stage = 'done'
      if (fields !== undefined) this.#reply.raw.addTrailers(fields)
      this.#body?.end()
    } else {
      this.#sendWhole()
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: Error): void {
    if (this.#stage === 'done') return
    const streamed = this.#stage === 'streaming'
    this.#stage = 'done'
    const error = toUpstreamError(cause, this.#upstream)
    if (!streamed) {
      this.#sendError(error)
      return
    }
    if (!this.#reply.raw.headersSent) removeResponseHeaders(this.#headers, this.#reply)
    this.#body?.destroy(error)
  }

  /** Hands the head and a stream to Fastify, with what has come of the body so far. */
  startStreaming(): void {
    if (this.#stage !== 'gathering' || this.#controller === undefined) return
    if (this.#reply.sent) {
      this.#abandon()
      return
    }
    this.#stage = 'streaming'
    const body = new ResponseBody(this.#controller)
    this.#body = body
    for (const chunk of this.#chunks) body.write(chunk)
    if (this.#chunks.length === 0) this.#reply.raw.once('pipe', flushHeadersSoon)
    this.#chunks = []
    this.#deliver(body)
  }

  /** All that will come has come: what happens to the upstream's connection from here on does not matter. */
  #sendWhole(): void {
    this.#stage = 'done'
    if (this.#reply.sent) return
    const [first] = this.#chunks
    // Not an empty Buffer, which would be given a content type.
    this.#deliver(this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first)
  }

  /** Gives Fastify the head and the body. What throws here (a `rewriteHeaders`, a hook) is the app's own error. */
  #deliver(body: ResponseBody | Buffer | undefined): void {
    try {
      this.#setHead()
      const { onResponse } = this.#options
      if (onResponse === undefined) this.#reply.send(this.#payload(body))
      else this.#callBack(onResponse, body instanceof ResponseBody ? body : Readable.from([]))
    } catch (error) {
      this.#abandon()
      removeResponseHeaders(this.#headers, this.#reply)
      this.#sendError(error as Error)
    }
  }

  /** Fastify would name a content type for a Buffer that has none; for a stream it does not. */
  #payload(body: ResponseBody | Buffer | undefined): Readable | Buffer | undefined {
    return Buffer.isBuffer(body) && !this.#reply.hasHeader('content-type') ? Readable.from([body]) : body
  }

  #callBack(onResponse: NonNullable<ReplyOptions['onResponse']>, stream: Readable): void {
    const response = { statusCode: this.#statusCode, headers: this.#headers, stream }
    // Its type is declared as a ServerResponse by mistake; what is documented are these three members.
    onResponse(this.#request, this.#reply, response as never)
  }

  #sendError(error: Error & { retryAfterMs?: number }): void {
    const reply = this.#reply
    if (reply.sent || reply.raw.destroyed) return
    if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
    const { onError } = this.#options
    if (onError === undefined) reply.send(error)
    else onError(reply, { error })
  }

  #setHead(): void {
    const reply = this.#reply
    dropConnectionFields(this.#headers)
    const { rewriteHeaders } = this.#options
    const headers =
      rewriteHeaders === undefined ? this.#headers : rewriteHeaders(this.#headers, this.#request)
    this.#headers = headers
    reply.code(this.#statusCode)
    copyResponseHeaders(headers, reply)
    if (this.#statusCode === 204) reply.removeHeader('content-length')
    const message = this.#statusMessage
    // HTTP/2 has no reason phrases.
    if (message === STATUS_CODES[this.#statusCode] || this.#request.raw.httpVersionMajor === 2) return
    if (isReasonPhrase(message)) reply.raw.statusMessage = message
  }

  /** Whether the body will be gathered however slowly it comes. */
  #isSmall(): boolean {
    const length = this.#headers['content-length']
    return length !== undefined && Number(length) <= GATHERED_BYTES && !this.#needsStream()
  }

  #hasNoBody(): boolean {
    return this.#request.method === 'HEAD' || this.#statusCode === 204 || this.#statusCode === 304
  }

  /** `onResponse` is promised one. */
  #needsStream(): boolean {
    return this.#options.onResponse !== undefined
  }

  /** The client has left, or somebody else has answered. */
  #abandon(): void {
    if (this.#stage === 'done') return
    this.#stage = 'done'
    this.#controller?.abort(new errors.RequestAbortedError())
  }
}

/** Open-ended bodies that have arrived whole by the end of this read of the socket need no stream. */
function startStreaming(exchange: Exchange): void {
  exchange.startStreaming()
}

/** Node sends the head with the first bytes of the body; a stream that is silent at first must not hold it back. */
function flushHeadersSoon(this: FastifyReply['raw']): void {
  setImmediate(() => {
    if (!this.headersSent && !this.destroyed) this.flushHeaders()
  })
}

function isReasonPhrase(text: string): boolean {
  return text !== '' && /^[\t\x20-\x7e\x80-\xff]+$/.test(text)
}
