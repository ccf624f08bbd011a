import { Dispatcher, errors } from 'undici'
import type { ResponseHandler } from '../handler.ts'
import type { OriginAddress } from '../origin/address.ts'
import { createConnector, type Connector } from '../origin/connect.ts'
import type { ResolvedTls } from '../options/options.ts'
import { Http1Connection, type ConnectionOwner, type ConnectionSettings } from './connection.ts'
import { toHttp1Request, type Http1Request } from './request.ts'
import { WaitingLine } from './waiting-line.ts'

type Callback = () => void

interface Waiting {
  readonly request: Http1Request
  readonly handler: ResponseHandler
}

/** Settings of an {@link Http1Pool}. */
export interface Http1PoolSettings extends ConnectionSettings {
  readonly tls: ResolvedTls
  /** Most connections at a time; null: no limit. Those that change their protocol do not count. */
  readonly connections: number | null
}

/**
 * Connections to one origin over HTTP/1.1 (RFC 9112), for handlers of undici's present API (`onRequestStart`, …). A
 * request takes the connection that was used last; without a free one it waits for the first that becomes free or is
 * made, whichever it is.
 */
export class Http1Pool extends Dispatcher implements ConnectionOwner {
  readonly #host: string
  readonly #connector: Connector
  readonly #settings: Http1PoolSettings
  readonly #connections = new Set<Http1Connection>()
  /** The one used last is at the end. Some may have broken since. */
  #free: Http1Connection[] = []
  readonly #waiting = new WaitingLine<Waiting>()
  /** Connections under way for those who wait. */
  #connecting = 0
  #sweeper: NodeJS.Timeout | undefined
  /** Why there are no more requests. */
  #closed: Error | undefined
  readonly #onEmpty: Callback[] = []

  constructor(address: OriginAddress, settings: Http1PoolSettings) {
    super()
    this.#host = address.url.host
    this.#connector = createConnector(address, settings.tls)
    this.#settings = settings
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const taker = handler as ResponseHandler
    let request: Http1Request
    try {
      if (this.#closed !== undefined) throw this.#closed
      request = toHttp1Request(options, this.#host)
    } catch (error) {
      taker.onResponseError(null, error as Error)
      return true
    }
    if (request.switches) {
      this.#sendAlone(request, taker)
    } else {
      this.#waiting.push({ request, handler: taker })
      this.#serve()
    }
    return true
  }

  /** Ends when the last request has. */
  override close(): Promise<void>
  override close(callback: Callback): void
  override close(callback?: Callback): Promise<void> | void {
    this.#closed ??= new errors.ClientClosedError()
    for (const connection of this.#connections) if (connection.free) connection.break()
    return this.#whenEmpty(callback)
  }

  /** Ends all requests with `error`. */
  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: Callback): void
  override destroy(error: Error | null, callback: Callback): void
  override destroy(error?: Error | null | Callback, callback?: Callback): Promise<void> | void {
    const reason = error instanceof Error ? error : new errors.ClientDestroyedError()
    this.#closed = new errors.ClientDestroyedError()
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.handler.onResponseError(null, reason)
    }
    for (const connection of this.#connections) connection.destroy(reason)
    return this.#whenEmpty(typeof error === 'function' ? error : callback)
  }

  onConnected(connection: Http1Connection): void {
    this.#connecting--
    this.onFree(connection)
  }

  onRefused(connection: Http1Connection, error: Error): void {
    this.#connecting--
    this.#connections.delete(connection)
    // Who would have got it; and everybody, where nothing is left that could serve them.
    const failed = this.#connections.size === 0 ? this.#waiting.length : 1
    for (let i = 0; i < failed; i++) this.#waiting.shift()?.handler.onResponseError(null, error)
  }

  onFree(connection: Http1Connection): void {
    if (this.#closed !== undefined && this.#waiting.length === 0) {
      connection.break()
      return
    }
    this.#free.push(connection)
    if (this.#sweeper === undefined) this.#sweepIn(this.#settings.keepAliveMs)
    this.#serve()
  }

  onClosed(connection: Http1Connection): void {
    this.#connections.delete(connection)
    this.#serve()
    if (this.#empty) for (const callback of this.#onEmpty.splice(0)) callback()
  }

  /** Closes what has been free for too long. */
  sweep(): void {
    const now = performance.now()
    let next = Infinity
    this.#free = this.#free.filter((connection) => {
      if (!connection.free) return false
      if (connection.freeUntil > now) {
        next = Math.min(next, connection.freeUntil)
        return true
      }
      connection.break()
      return false
    })
    this.#sweeper = undefined
    if (next !== Infinity) this.#sweepIn(Math.ceil(next - now))
  }

  #sweepIn(delayMs: number): void {
    this.#sweeper = setTimeout(sweep, delayMs, this).unref()
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#takeFree()
      if (connection === undefined) {
        this.#connect()
        return
      }
      const { request, handler } = this.#waiting.shift() as Waiting
      if (!connection.send(request, handler)) this.#free.push(connection)
    }
  }

  /** What may change the protocol of its connection gets one of its own, over which it can be handed a stream. */
  #sendAlone(request: Http1Request, handler: ResponseHandler): void {
    const owner: ConnectionOwner = {
      onConnected: (connection) => void (connection.send(request, handler) || connection.break()),
      onRefused: (_, error) => handler.onResponseError(null, error),
      onFree: (connection) => connection.break(),
      onClosed: (connection) => this.onClosed(connection),
    }
    this.#connections.add(new Http1Connection(this.#connector, this.#settings, owner, true))
  }

  #takeFree(): Http1Connection | undefined {
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      if (!connection.free) continue
      if (connection.freeUntil > performance.now()) return connection
      connection.break()
    }
    return undefined
  }

  /** One for each that waits, as far as the limit goes. */
  #connect(): void {
    const limit = this.#settings.connections ?? Infinity
    while (this.#connecting < this.#waiting.length && this.#connections.size < limit) {
      this.#connecting++
      this.#connections.add(new Http1Connection(this.#connector, this.#settings, this))
    }
  }

  get #empty(): boolean {
    return this.#connections.size === 0 && this.#waiting.length === 0
  }

  #whenEmpty(callback: Callback | undefined): Promise<void> | void {
    if (callback === undefined) return new Promise((resolve) => this.#whenEmpty(resolve))
    if (this.#empty) queueMicrotask(callback)
    else this.#onEmpty.push(callback)
  }
}

function sweep(pool: Http1Pool): void {
  pool.sweep()
}
