import { WebSocket } from 'ws'

export interface ViewerLimits {
  readonly maxViewers: number
  readonly maxBufferedBytes: number
  readonly maxAgeMs: number
}

interface Viewer {
  readonly socket: WebSocket
  readonly leavesAt: number
  answered: boolean
}

/** Close codes that the page knows. */
const signInAgain = 4001
const goingAway = 1001

/** The dashboards that watch. One that is slow, silent or too old is let go; what is sent is made once for all. */
export class Viewers {
  readonly #viewers = new Set<Viewer>()
  readonly #limits: ViewerLimits
  readonly #now: () => number

  constructor(limits: ViewerLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  get size(): number {
    return this.#viewers.size
  }

  get isFull(): boolean {
    return this.size >= this.#limits.maxViewers
  }

  add(socket: WebSocket, onLeave: () => void): void {
    const viewer: Viewer = { socket, leavesAt: this.#now() + this.#limits.maxAgeMs, answered: true }
    this.#viewers.add(viewer)
    socket.on('pong', () => (viewer.answered = true))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#viewers.delete(viewer)
      onLeave()
    })
  }

  /** The same bytes to everybody; whoever has not taken the last ones yet is dropped rather than buffered for. */
  send(bytes: Buffer): void {
    for (const { socket } of this.#viewers) {
      if (socket.bufferedAmount > this.#limits.maxBufferedBytes) socket.terminate()
      else if (socket.readyState === WebSocket.OPEN) socket.send(bytes, { binary: false })
    }
  }

  /** Drops those that did not answer the last ping, asks the others to show their key again in time, pings. */
  checkUp(): void {
    for (const viewer of this.#viewers) {
      if (!viewer.answered) viewer.socket.terminate()
      else if (this.#now() >= viewer.leavesAt) viewer.socket.close(signInAgain)
      else {
        viewer.answered = false
        viewer.socket.ping()
      }
    }
  }

  close(): void {
    for (const { socket } of this.#viewers) {
      socket.close(goingAway)
      socket.terminate()
    }
  }
}
