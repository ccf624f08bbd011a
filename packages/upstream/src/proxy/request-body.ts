import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { drain } from './drain.ts'
import { BodyTooLargeError, ParsedBodyError, TransferCodingError } from './errors.ts'

/**
 * The client's body for undici: `null`, bytes that the app has parsed, or a stream. GET and HEAD may carry one too
 * (RFC 9110 §9.3.1); what decides is the framing.
 *
 * @param limit bytes; a body of unknown length may turn out to be longer on its way
 * @throws SLUICE_BODY_TOO_LARGE where its announced length is already too much
 */
export function requestBody(request: FastifyRequest, limit: number): RequestBody | Buffer | null {
  const { body, raw } = request
  if (Number(raw.headers['content-length']) > limit) throw new BodyTooLargeError(limit)
  if (body === undefined || body instanceof Readable) {
    if (!isFramed(request)) return null
    const source = body ?? raw
    if (!source.readableEnded) return new RequestBody(source, limit)
  } else if (Buffer.isBuffer(body)) {
    return body
  } else if (request.mediaType?.endsWith('json') === true) {
    // A string too: sent as it is, the upstream would read the JSON that is in it, which the app has never looked at.
    return Buffer.from(JSON.stringify(body))
  } else if (typeof body === 'string') {
    return Buffer.from(body)
  }
  throw new ParsedBodyError(request.mediaType)
}

function isFramed(request: FastifyRequest): boolean {
  const { raw } = request
  const coding = raw.headers['transfer-encoding']
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new TransferCodingError()
    return true
  }
  const length = raw.headers['content-length']
  if (length !== undefined) return length !== '0'
  return raw.httpVersionMajor === 2 && !raw.complete
}

/**
 * Stands between the client's request and undici, which destroys the body of a request that has been answered early:
 * destroying the request itself would close the client's connection before it has read the answer. Reads nothing
 * before it is asked to, and no faster than the upstream takes it.
 */
export class RequestBody extends Readable {
  readonly #source: Readable
  readonly #limit: number
  #length = 0
  #attached = false
  #ended = false

  constructor(source: Readable, limit: number) {
    super()
    this.#source = source
    this.#limit = limit
    // undici stops listening when it has the answer, which may be before the client goes away.
    this.on('error', () => {})
  }

  override _read(): void {
    if (this.#attached) {
      this.#source.resume()
      return
    }
    this.#attached = true
    this.#source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError)
    this.#source.on('close', this.#onClose)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#attached && !this.#ended) {
      this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
      drain(this.#source)
    }
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#length += chunk.length
    if (this.#length > this.#limit) this.destroy(new BodyTooLargeError(this.#limit))
    else if (!this.push(chunk)) this.#source.pause()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.push(null)
  }

  readonly #onError = (error: Error): void => {
    this.#ended = true
    this.destroy(error)
  }

  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(new Error('the client left'))
  }
}
