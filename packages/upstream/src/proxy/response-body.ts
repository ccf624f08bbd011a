import { Readable } from 'node:stream'
import { errors, type Dispatcher } from 'undici'

const BUFFERED_BYTES = 64 * 1024

/**
 * The body of an upstream's response as a stream. It holds at most one socket read beyond {@link BUFFERED_BYTES}:
 * what the client does not take stays in the upstream's socket. Destroyed before its end, it stops the upstream.
 */
export class ResponseBody extends Readable {
  readonly #controller: Dispatcher.DispatchController
  #complete = false

  constructor(controller: Dispatcher.DispatchController) {
    super({ highWaterMark: BUFFERED_BYTES })
    this.#controller = controller
    // An `onSend` hook may be at work when the upstream dies: nobody listens yet, and nothing may throw.
    this.on('error', () => {})
  }

  write(chunk: Buffer): void {
    if (!this.push(chunk)) this.#controller.pause()
  }

  end(): void {
    this.#complete = true
    this.push(null)
  }

  override _read(): void {
    this.#controller.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#complete) {
      this.#complete = true
      this.#controller.abort(error ?? new errors.RequestAbortedError())
    }
    callback(error)
  }
}
