import type { IncomingHttpHeaders } from 'node:http'
import { errors } from 'undici'
import { parseFields } from './fields.ts'

/** Takes the data out of a chunked body (RFC 9112 §7.1), in whatever pieces it comes. */
export class ChunkedDecoder {
  readonly #maxLineBytes: number
  readonly #onData: (chunk: Buffer) => void
  #expects: 'size' | 'data' | 'data-end' | 'trailers' | 'nothing' = 'size'
  /** Bytes that are left of the current chunk. */
  #left = 0
  /** Lines that are not complete yet. */
  #text = ''
  #trailers: IncomingHttpHeaders | undefined

  /** `maxLineBytes` holds for a chunk's size with its extensions, and for all trailers together. */
  constructor(maxLineBytes: number, onData: (chunk: Buffer) => void) {
    this.#maxLineBytes = maxLineBytes
    this.#onData = onData
  }

  /** What came after the last chunk; undefined before the end. */
  get trailers(): IncomingHttpHeaders | undefined {
    return this.#trailers
  }

  /**
   * Returns how many of the bytes belong to the body: fewer than there are once it is complete.
   *
   * @throws HTTPParserError
   */
  decode(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#expects !== 'nothing') {
      at = this.#expects === 'data' ? this.#takeData(bytes, at) : this.#takeLine(bytes, at)
    }
    return at
  }

  #takeData(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#left)
    this.#left -= to - from
    if (this.#left === 0) this.#expects = 'data-end'
    this.#onData(bytes.subarray(from, to))
    return to
  }

  #takeLine(bytes: Buffer, from: number): number {
    const newline = bytes.indexOf(10, from)
    const to = newline === -1 ? bytes.length : newline + 1
    if (this.#text.length + to - from > this.#maxLineBytes) throw new errors.HeadersOverflowError()
    this.#text += bytes.toString('latin1', from, to)
    if (newline !== -1) this.#lineTaken()
    return to
  }

  #lineTaken(): void {
    const text = this.#text
    if (!text.endsWith('\r\n')) throw new errors.HTTPParserError('a line that ends without CR')
    if (this.#expects === 'trailers') {
      if (text !== '\r\n' && !text.endsWith('\r\n\r\n')) return
      this.#trailers = parseFields(text, 0, text.length - 4)
      this.#expects = 'nothing'
    } else if (this.#expects === 'data-end') {
      if (text !== '\r\n') throw new errors.HTTPParserError('a chunk longer than its size')
      this.#expects = 'size'
    } else {
      this.#left = chunkSize(text)
      this.#expects = this.#left === 0 ? 'trailers' : 'data'
    }
    this.#text = ''
  }
}

/** Extensions are ignored, as §7.1.1 wants of those that are not known. 12 digits are a quarter of a petabyte. */
function chunkSize(line: string): number {
  const match = /^([\dA-Fa-f]{1,12})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/.exec(line)
  if (match === null) throw new errors.HTTPParserError('invalid chunk size')
  return Number.parseInt(match[1] as string, 16)
}
