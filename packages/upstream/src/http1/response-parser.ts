import type { IncomingHttpHeaders } from 'node:http'
import { errors } from 'undici'
import { ChunkedDecoder } from './chunked-decoder.ts'
import { bodyFraming, parseResponseHead, type ResponseHead } from './response-head.ts'

/** Told of a response as its parts arrive. Chunks are views of the bytes that were pushed. */
export interface ResponseSink {
  /** Once for each 1xx, and once for the final status. */
  onHead(head: ResponseHead): void
  onData(chunk: Buffer): void
  onEnd(trailers: IncomingHttpHeaders): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const NO_TRAILERS: IncomingHttpHeaders = Object.freeze({})

/** Parses one response, and the interim ones before it (RFC 9112), from bytes in pieces of any size. No socket, no clock. */
export class ResponseParser {
  readonly #method: string
  readonly #maxHeadBytes: number
  readonly #sink: ResponseSink
  #expects: 'head' | 'length' | 'chunks' | 'close' | 'nothing' = 'head'
  /** A head that is not complete yet. */
  #head: Buffer | undefined
  /** Bytes that are left of a body of known length. */
  #left = 0
  #chunks: ChunkedDecoder | undefined

  constructor(method: string, maxHeadBytes: number, sink: ResponseSink) {
    this.#method = method
    this.#maxHeadBytes = maxHeadBytes
    this.#sink = sink
  }

  /** Whether nothing more belongs to this response. */
  get complete(): boolean {
    return this.#expects === 'nothing'
  }

  /**
   * Returns how many of the bytes belong to the response: fewer than there are once it is complete.
   *
   * @throws HTTPParserError for what is no HTTP/1, HeadersOverflowError for a head that is too long
   */
  push(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#expects !== 'nothing') {
      at += this.#take(at === 0 ? bytes : bytes.subarray(at))
    }
    return at
  }

  /** The connection has ended. Returns whether that was the end of the response. */
  close(): boolean {
    if (this.#expects !== 'close') return false
    this.#end(NO_TRAILERS)
    return true
  }

  /** Whatever still comes is not for this sink: the request was given up, or the connection changed its protocol. */
  stop(): void {
    this.#expects = 'nothing'
  }

  #take(bytes: Buffer): number {
    if (this.#expects === 'head') return this.#takeHead(bytes)
    if (this.#expects === 'length') return this.#takeKnown(bytes)
    if (this.#expects === 'chunks') return this.#takeChunks(bytes)
    this.#sink.onData(bytes)
    return bytes.length
  }

  #takeHead(bytes: Buffer): number {
    const before = this.#head?.length ?? 0
    const all = this.#head === undefined ? bytes : Buffer.concat([this.#head, bytes])
    const end = all.indexOf(HEAD_END)
    if ((end === -1 ? all.length : end) > this.#maxHeadBytes) throw new errors.HeadersOverflowError()
    if (end === -1) {
      requireBeginning(all)
      this.#head = before === 0 ? Buffer.from(bytes) : all
      return bytes.length
    }
    this.#head = undefined
    this.#begin(parseResponseHead(all.toString('latin1', 0, end)))
    return end + HEAD_END.length - before
  }

  #begin(head: ResponseHead): void {
    const framing = bodyFraming(head, this.#method)
    this.#sink.onHead(head)
    // An interim response is followed by another; and the sink may have stopped.
    if (head.status < 200 || this.complete) return
    if (framing === 'until-close') {
      this.#expects = 'close'
    } else if (framing === 'chunked') {
      this.#expects = 'chunks'
      this.#chunks = new ChunkedDecoder(this.#maxHeadBytes, (chunk) => this.#sink.onData(chunk))
    } else {
      this.#expects = 'length'
      this.#left = framing
      if (framing === 0) this.#end(NO_TRAILERS)
    }
  }

  #takeKnown(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.#left)
    this.#left -= taken
    this.#sink.onData(taken === bytes.length ? bytes : bytes.subarray(0, taken))
    if (this.#left === 0 && !this.complete) this.#end(NO_TRAILERS)
    return taken
  }

  #takeChunks(bytes: Buffer): number {
    const decoder = this.#chunks as ChunkedDecoder
    const taken = decoder.decode(bytes)
    if (decoder.trailers !== undefined && !this.complete) this.#end(decoder.trailers)
    return taken
  }

  #end(trailers: IncomingHttpHeaders): void {
    this.#expects = 'nothing'
    this.#sink.onEnd(trailers)
  }
}

/** Refuses at once what can never become a head, where waiting for its end would be waiting for a deadline. */
function requireBeginning(bytes: Buffer): void {
  const begin = 'HTTP/1.'
  if (bytes.toString('latin1', 0, begin.length) !== begin.slice(0, bytes.length)) {
    throw new errors.HTTPParserError('no HTTP/1 response')
  }
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at - 1] !== 13) throw new errors.HTTPParserError('a line that ends without CR')
  }
}
