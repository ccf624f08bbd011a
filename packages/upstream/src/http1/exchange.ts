import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { errors } from 'undici'
import type { Controller, ResponseHandler } from '../handler.ts'
import { AnswerDeadline } from './answer-deadline.ts'
import type { Http1Request } from './request.ts'
import { keepAliveMs, type ResponseHead } from './response-head.ts'
import { ResponseParser, type ResponseSink } from './response-parser.ts'
import { Upload, type UploadListener } from './upload.ts'

/** What an exchange needs of its connection. */
export interface Carrier {
  readonly socket: Socket
  /** Whether the bytes it receives are somebody else's as soon as it has passed them on. */
  readonly borrows: boolean
  pause(): void
  resume(): void
  /** Breaks the connection: another exchange must not find what is left of this one. */
  break(): void
}

/** One request and its response on one connection. It is the controller that the handler holds, valid for this alone. */
export class Http1Exchange implements Controller, ResponseSink, UploadListener {
  readonly request: Http1Request
  readonly #handler: ResponseHandler
  readonly #carrier: Carrier
  readonly #parser: ResponseParser
  /** Only for uploads: where there is none, the attempt sees to it with the timer that it has anyway. */
  readonly #deadline: AnswerDeadline | undefined
  #upload: Upload | undefined
  /** The final head, once it is here. */
  #head: ResponseHead | undefined
  #trailers: IncomingHttpHeaders = {}
  #reason: Error | null = null
  #paused = false
  /** Ended or failed; the handler hears no more. */
  #over = false
  #written = false
  /** Whether the connection is to become the handler's. */
  #switches = false

  constructor(request: Http1Request, handler: ResponseHandler, carrier: Carrier, maxHeadBytes: number) {
    this.request = request
    this.#handler = handler
    this.#carrier = carrier
    this.#parser = new ResponseParser(request.method, maxHeadBytes, this)
    if (request.headersTimeoutMs > 0) {
      this.#deadline = new AnswerDeadline(request.headersTimeoutMs, () => {
        this.fail(new errors.HeadersTimeoutError())
      })
    }
  }

  /** Returns false where the handler has withdrawn: nothing was written then. */
  start(): boolean {
    try {
      this.#handler.onRequestStart(this, null)
    } catch (error) {
      this.#end()
      this.#handler.onResponseError(this, error as Error)
    }
    if (this.#over) return false
    this.#write()
    return true
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

  pause(): void {
    if (this.#paused || this.#over) return
    this.#paused = true
    this.#carrier.pause()
  }

  resume(): void {
    if (!this.#paused || this.#over) return
    this.#paused = false
    this.#carrier.resume()
  }

  abort(reason?: Error): void {
    if (this.#over) return
    this.#reason = reason ?? new errors.RequestAbortedError()
    this.fail(this.#reason)
  }

  /** Whether the response is here whole, or nobody waits for more of it. */
  get complete(): boolean {
    return this.#parser.complete
  }

  /** Whether the connection changes its protocol now. */
  get switches(): boolean {
    return this.#switches
  }

  /** How long the connection may be kept, ms: 0 where it must not carry another exchange. */
  keepAliveMs(defaultMs: number): number {
    if (this.#head === undefined || this.#upload !== undefined || !this.request.keepsConnection) return 0
    return keepAliveMs(this.#head, defaultMs)
  }

  /**
   * Returns how many of the bytes were the response's.
   *
   * @throws what the parser or the handler throws
   */
  receive(bytes: Buffer): number {
    return this.#parser.push(bytes)
  }

  /** The origin has closed the connection; returns whether that ended the response. */
  closed(): boolean {
    return this.#parser.close()
  }

  /** Tells the handler that the response is complete. */
  finish(): void {
    if (this.#over) return
    this.#end()
    try {
      this.#handler.onResponseEnd(this, this.#trailers)
    } catch (error) {
      this.#handler.onResponseError(this, error as Error)
    }
  }

  fail(error: Error): void {
    if (this.#over) return
    if (this.#written) this.#carrier.break()
    this.#end()
    this.#handler.onResponseError(this, error)
  }

  /** Gives the handler the connection. */
  handOver(): void {
    const { status, headers } = this.#head as ResponseHead
    const { socket } = this.#carrier
    try {
      this.#handler.onRequestUpgrade(this, status, headers, socket)
    } catch (error) {
      socket.destroy()
      this.#handler.onResponseError(this, error as Error)
    }
  }

  onHead(head: ResponseHead): void {
    const { status, headers, message } = head
    const switches = status === 101 || (this.request.method === 'CONNECT' && status >= 200 && status < 300)
    if (switches && !this.request.switches) {
      throw new errors.HTTPParserError('a change of protocol that nobody asked for')
    }
    if (switches || status >= 200) {
      this.#head = head
      this.#deadline?.end()
    }
    if (switches) {
      this.#switches = true
      this.#end()
    } else {
      this.#handler.onResponseStart(this, status, headers, message)
      // There is no body to hold back, and who does not care for it may say so by a pause.
      if (status < 200) this.resume()
    }
  }

  onData(chunk: Buffer): void {
    if (!this.#over) this.#handler.onResponseData(this, this.#carrier.borrows ? Buffer.from(chunk) : chunk)
  }

  onEnd(trailers: IncomingHttpHeaders): void {
    this.#trailers = trailers
  }

  onBlocked(): void {
    this.#deadline?.start()
  }

  onDrained(): void {
    this.#deadline?.stop()
  }

  onSent(): void {
    this.#upload = undefined
    this.#deadline?.start()
  }

  onFailed(error: Error): void {
    this.#upload = undefined
    this.fail(error)
  }

  #write(): void {
    this.#written = true
    const { head, body, length } = this.request
    const { socket } = this.#carrier
    if (body === undefined) {
      socket.write(head, 'latin1')
      this.#deadline?.start()
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    if (Buffer.isBuffer(body)) {
      socket.write(body)
      socket.uncork()
      this.#deadline?.start()
    } else {
      // The first of the body goes with the head if it is there by then.
      setImmediate(uncork, socket)
      this.#upload = new Upload(socket, body, length, this)
    }
  }

  #end(): void {
    this.#over = true
    this.#parser.stop()
    this.#deadline?.end()
    this.#upload?.stop()
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}
