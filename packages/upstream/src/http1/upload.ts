import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { errors } from 'undici'

/** Told how the sending of a body goes. */
export interface UploadListener {
  /** The socket takes no more before the origin reads on. */
  onBlocked(): void
  onDrained(): void
  onSent(): void
  onFailed(error: Error): void
}

/** Sends a body as fast as the socket takes it, in chunks where its length is not known (RFC 9112 §7.1). */
export class Upload {
  readonly #socket: Socket
  readonly #body: Readable
  readonly #length: number | undefined
  readonly #listener: UploadListener
  #sent = 0
  #over = false

  constructor(socket: Socket, body: Readable, length: number | undefined, listener: UploadListener) {
    this.#socket = socket
    this.#body = body
    this.#length = length
    this.#listener = listener
    body.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    socket.on('drain', this.#onDrain)
    if (body.errored !== null) this.#onError(body.errored)
    else if (body.readableEnded || body.destroyed) this.#onClose()
  }

  /** Nobody needs the rest. */
  stop(): void {
    if (this.#over) return
    this.#leave()
    this.#body.destroy()
  }

  readonly #onData = (chunk: Buffer | string): void => {
    const size = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    if (size === 0) return
    this.#sent += size
    if (this.#length !== undefined && this.#sent > this.#length) {
      this.#onError(new errors.RequestContentLengthMismatchError())
      return
    }
    if (this.#write(chunk, size)) return
    this.#body.pause()
    this.#listener.onBlocked()
  }

  #write(chunk: Buffer | string, size: number): boolean {
    if (this.#length !== undefined) return this.#socket.write(chunk)
    this.#socket.cork()
    this.#socket.write(`${size.toString(16)}\r\n`, 'latin1')
    this.#socket.write(chunk)
    const ready = this.#socket.write('\r\n', 'latin1')
    this.#socket.uncork()
    return ready
  }

  readonly #onDrain = (): void => {
    this.#listener.onDrained()
    this.#body.resume()
  }

  readonly #onEnd = (): void => {
    if (this.#length !== undefined && this.#sent !== this.#length) {
      this.#onError(new errors.RequestContentLengthMismatchError())
      return
    }
    this.#leave()
    if (this.#length === undefined) this.#socket.write('0\r\n\r\n', 'latin1')
    this.#listener.onSent()
  }

  readonly #onError = (error: Error): void => {
    if (this.#over) return
    this.#leave()
    this.#body.destroy()
    this.#listener.onFailed(error)
  }

  /** A stream that closes has ended or failed before, or will never end. */
  readonly #onClose = (): void => {
    if (!this.#over) this.#onError(new errors.RequestAbortedError('the body was closed before its end'))
  }

  /** `error` stays listened to: what a stream says after its end must not bring down the process. */
  #leave(): void {
    this.#over = true
    this.#body.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#socket.off('drain', this.#onDrain)
  }
}
