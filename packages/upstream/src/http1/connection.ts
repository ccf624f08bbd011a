import type { Socket } from 'node:net'
import { errors } from 'undici'
import type { ResponseHandler } from '../handler.ts'
import type { Connector } from '../origin/connect.ts'
import { Http1Exchange, type Carrier } from './exchange.ts'
import type { Http1Request } from './request.ts'

/** Told of a connection's life. */
export interface ConnectionOwner {
  /** It is free for its first exchange. */
  onConnected(connection: Http1Connection): void
  /** It could not be made. */
  onRefused(connection: Http1Connection, error: Error): void
  /** It may carry another exchange, until it is stale. */
  onFree(connection: Http1Connection): void
  /** Comes once, and last; also where its socket was handed over. */
  onClosed(connection: Http1Connection): void
}

export interface ConnectionSettings {
  /** 0: no limit. */
  readonly connectMs: number
  readonly keepAliveMs: number
  readonly maxHeaderBytes: number
}

/**
 * Where all plain connections read: each read is over before the next begins. It spares the allocation of 64 KiB, and
 * the way through a stream, that every read costs otherwise.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

/** One connection to an origin, with at most one exchange on it: no pipelining (RFC 9112 §9.3.2). */
export class Http1Connection implements Carrier {
  readonly socket: Socket
  readonly borrows: boolean
  readonly #owner: ConnectionOwner
  readonly #settings: ConnectionSettings
  #state: 'connecting' | 'open' | 'broken' = 'connecting'
  #exchange: Http1Exchange | undefined
  #error: Error | undefined
  #freeUntil = 0
  #paused = false
  #reading = false
  #deadline: NodeJS.Timeout | undefined

  /** With `streams`, its socket can be handed over, for another protocol. */
  constructor(connector: Connector, settings: ConnectionSettings, owner: ConnectionOwner, streams = false) {
    this.#owner = owner
    this.#settings = settings
    this.borrows = !streams && !connector.secure
    const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#borrow(length) }
    const socket = connector.connect(this.borrows ? onread : undefined)
    this.socket = socket
    if (!this.borrows) socket.on('readable', this.#onReadable)
    socket.once(connector.secure ? 'secureConnect' : 'connect', this.#onConnect)
    socket.on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    if (settings.connectMs > 0) this.#deadline = setTimeout(late, settings.connectMs, socket)
  }

  /** Whether it can carry an exchange now. */
  get free(): boolean {
    return this.#state === 'open' && this.#exchange === undefined
  }

  /** When it will have been free for too long, on the clock of `performance.now()`. */
  get freeUntil(): number {
    return this.#freeUntil
  }

  /** Sends a request. Returns false where its handler has withdrawn it: the connection is still free then. */
  send(request: Http1Request, handler: ResponseHandler): boolean {
    const exchange = new Http1Exchange(request, handler, this, this.#settings.maxHeaderBytes)
    this.#exchange = exchange
    this.socket.ref()
    if (exchange.start()) return true
    this.#exchange = undefined
    this.socket.unref()
    return false
  }

  pause(): void {
    this.#paused = true
    if (this.borrows) this.socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.borrows) this.socket.resume()
    else this.#onReadable()
  }

  break(): void {
    this.#state = 'broken'
    this.socket.destroy()
  }

  /** Ends the connection, and with `error` what goes on over it. */
  destroy(error: Error): void {
    if (this.#state === 'connecting') {
      this.socket.destroy(error)
    } else {
      this.#exchange?.fail(error)
      this.break()
    }
  }

  #borrow(length: number): true {
    this.#receive(READ_BUFFER.subarray(0, length))
    return true
  }

  readonly #onReadable = (): void => {
    if (this.#reading) return
    this.#reading = true
    while (!this.#paused && this.#state === 'open') {
      const chunk = this.socket.read() as Buffer | null
      if (chunk === null) break
      this.#receive(chunk)
    }
    this.#reading = false
  }

  #receive(bytes: Buffer): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      // An answer that nobody has asked for.
      this.break()
      return
    }
    let taken = 0
    try {
      taken = exchange.receive(bytes)
    } catch (error) {
      exchange.fail(error as Error)
    }
    if (this.#state === 'broken') return
    if (exchange.switches) this.#handOver(exchange, bytes.subarray(taken))
    else if (exchange.complete) this.#complete(exchange, taken === bytes.length)
  }

  /** The connection is free, or gone, before the handler hears of the end: it may have another request to send. */
  #complete(exchange: Http1Exchange, clean: boolean): void {
    const keepMs = clean ? exchange.keepAliveMs(this.#settings.keepAliveMs) : 0
    this.#exchange = undefined
    if (this.#paused) this.resume()
    if (keepMs > 0) {
      this.#rest(keepMs)
      this.#owner.onFree(this)
    } else {
      this.break()
    }
    exchange.finish()
  }

  /** A free connection does not hold the process. */
  #rest(keepMs: number): void {
    this.#freeUntil = performance.now() + keepMs
    this.socket.unref()
  }

  #handOver(exchange: Http1Exchange, rest: Buffer): void {
    const { socket } = this
    this.#exchange = undefined
    this.#state = 'broken'
    socket.off('readable', this.#onReadable).off('end', this.#onEnd).off('error', this.#onError)
    socket.off('close', this.#onClose)
    if (rest.length > 0) socket.unshift(rest)
    this.#owner.onClosed(this)
    exchange.handOver()
  }

  readonly #onConnect = (): void => {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    clearTimeout(this.#deadline)
    this.#rest(this.#settings.keepAliveMs)
    this.#owner.onConnected(this)
  }

  readonly #onEnd = (): void => {
    const exchange = this.#exchange
    if (exchange === undefined) this.break()
    else if (exchange.closed()) this.#complete(exchange, false)
    else this.destroy(this.#fault())
  }

  /** Why the connection closed, where we did not close it. */
  #fault(): Error {
    return this.#error ?? new errors.SocketError('other side closed')
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#deadline)
    if (this.#state === 'connecting') this.#owner.onRefused(this, this.#fault())
    else if (this.#state === 'open') this.#exchange?.fail(this.#fault())
    this.#state = 'broken'
    this.#exchange = undefined
    this.#owner.onClosed(this)
  }
}

/** The deadline that callers see is their own; this one ends a connection that nobody waits for any more. */
function late(socket: Socket): void {
  socket.destroy(new errors.ConnectTimeoutError())
}
