import type { Frame } from '#src/live/protocol'
import { SignInNeeded, Refused, type Session } from './session.ts'

export type Connection =
  | { readonly kind: 'connecting' | 'live' | 'polling' | 'signed-out' }
  | { readonly kind: 'lost'; readonly retryAt: number }
  | { readonly kind: 'refused'; readonly detail: string }

export interface FeedAddresses {
  readonly live: string
  readonly ticket: string
  readonly frame: string
}

const firstRetryMs = 500
const longestRetryMs = 15_000
const pollMs = 2_000
const signInAgain = 4001

/**
 * Frames from the gateway: over a WebSocket, by polling where that does not get through, and again after each loss,
 * with pauses that grow.
 */
export class Feed {
  readonly #session: Session
  readonly #addresses: FeedAddresses
  /** False asks for a full frame. */
  readonly #onFrame: (frame: Frame) => boolean
  readonly #onConnection: (connection: Connection) => void
  #socket: WebSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #losses = 0
  /** WebSockets that never opened, in a row. */
  #refusals = 0

  constructor(
    session: Session,
    addresses: FeedAddresses,
    onFrame: (frame: Frame) => boolean,
    onConnection: (connection: Connection) => void,
  ) {
    this.#session = session
    this.#addresses = addresses
    this.#onFrame = onFrame
    this.#onConnection = onConnection
  }

  start(): void {
    this.stop()
    this.#onConnection({ kind: 'connecting' })
    void this.#connect()
  }

  stop(): void {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  /** Something suggests that it would work now: the network is back, or somebody asked. */
  hurry(): void {
    if (this.#socket === undefined) this.start()
  }

  async #connect(): Promise<void> {
    if (this.#refusals >= 2) return this.#poll()
    try {
      const { ticket } = await this.#session.post<{ ticket: string }>(this.#addresses.ticket, {})
      this.#open(ticket)
    } catch (error) {
      this.#failed(error)
    }
  }

  #open(ticket: string): void {
    const url = new URL(this.#addresses.live, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, ['sluice-live', `ticket.${ticket}`])
    this.#socket = socket
    let opened = false
    socket.onopen = () => {
      opened = true
      this.#refusals = this.#losses = 0
      this.#onConnection({ kind: 'live' })
    }
    socket.onmessage = ({ data }) => {
      if (!this.#onFrame(JSON.parse(String(data)) as Frame)) socket.close()
    }
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (!opened) this.#refusals++
      if (code === signInAgain) void this.#connect()
      else this.#retry()
    }
  }

  async #poll(): Promise<void> {
    try {
      this.#onFrame(await this.#session.get<Frame>(this.#addresses.frame))
      this.#losses = 0
      this.#onConnection({ kind: 'polling' })
      this.#timer = setTimeout(() => void this.#poll(), pollMs)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (error instanceof SignInNeeded) return this.#onConnection({ kind: 'signed-out' })
    if (error instanceof Refused && error.status === 403) {
      return this.#onConnection({ kind: 'refused', detail: error.message })
    }
    this.#refusals = 0 // whatever comes back may speak WebSocket
    this.#retry()
  }

  #retry(): void {
    const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#losses++)
    const pauseMs = longest * (0.5 + Math.random() / 2)
    this.#onConnection({ kind: 'lost', retryAt: Date.now() + pauseMs })
    this.#timer = setTimeout(() => void this.#connect(), pauseMs)
  }
}
