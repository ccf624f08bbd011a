import { Readable } from 'node:stream'

/** How a body ended: its bytes, or why there are none to keep. */
export type Captured = Buffer | 'too-large' | 'broken-off'

/**
 * Passes a stream on as it flows and keeps a copy of up to `limit` bytes, which `done` is given once, when the source has
 * ended, the copy has grown too large, or either side broke off. Backpressure goes through; destroying the tee destroys
 * the source.
 */
export class Tee extends Readable {
  readonly #source: Readable
  readonly #limit: number
  readonly #done: (captured: Captured) => void
  #chunks: Buffer[] | undefined = []
  #length = 0

  constructor(source: Readable, limit: number, done: (captured: Captured) => void) {
    super()
    this.#source = source
    this.#limit = limit
    this.#done = done
    source.on('data', (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      this.#keep(bytes)
      if (!this.push(bytes)) source.pause()
    })
    source.on('end', () => {
      if (this.#chunks !== undefined) this.#finish(Buffer.concat(this.#chunks, this.#length))
      this.push(null)
    })
    source.on('error', (error) => this.destroy(error))
    source.on('close', () => {
      if (!source.readableEnded) this.destroy(source.errored ?? new Error('The body broke off'))
    })
    source.pause()
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#finish('broken-off')
    this.#source.destroy()
    callback(error)
  }

  #keep(chunk: Buffer): void {
    if (this.#chunks === undefined) return
    this.#length += chunk.length
    if (this.#length <= this.#limit) this.#chunks.push(chunk)
    else this.#finish('too-large')
  }

  #finish(captured: Captured): void {
    if (this.#chunks === undefined) return
    this.#chunks = undefined
    this.#done(captured)
  }
}

/** Reads a short body to its end. */
export function gather(source: Readable, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let settled = false
  const settle = (error: Error | null): void => {
    if (settled) return
    settled = true
    done(error, Buffer.concat(chunks))
  }
  source.on('data', (chunk: Buffer | string) =>
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
  )
  source.on('end', () => settle(null))
  source.on('error', settle)
  source.on('close', () => settle(source.errored ?? new Error('The body broke off')))
}
