import { once } from 'node:events'
import { connect as connectTo, type Socket } from 'node:net'

/** One end of a TCP connection under a test's control, byte by byte. */
export class Peer {
  readonly socket: Socket
  /** All that has come, as latin1. */
  text = ''
  /** Bytes that have come. */
  bytes = 0
  ended = false
  readonly closed: Promise<void>

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      if (this.bytes < 1_000_000) this.text += chunk.toString('latin1')
    })
    socket.on('end', () => (this.ended = true))
    socket.on('error', () => {})
    this.closed = new Promise((done) => socket.once('close', () => done()))
  }

  write(data: string | Buffer): boolean {
    return this.socket.write(data, 'latin1')
  }

  /** Until `mark` has come; fails if the connection closes first. */
  async until(mark: string | RegExp): Promise<string> {
    const found = (): boolean => (typeof mark === 'string' ? this.text.includes(mark) : mark.test(this.text))
    while (!found()) {
      if (this.socket.destroyed)
        throw new Error(`closed before ${mark} came, after: ${this.text.slice(0, 2000)}`)
      await Promise.race([once(this.socket, 'data'), this.closed])
    }
    return this.text
  }

  /** Forgets what has come. */
  forget(): void {
    this.text = ''
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** Connects to a port of the loopback. */
export async function connect(port: number): Promise<Peer> {
  const socket = connectTo(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  return new Peer(socket)
}

/** Sends `text` and returns all that comes until the other side closes. */
export async function converse(port: number, text: string): Promise<string> {
  const peer = await connect(port)
  peer.write(text)
  await peer.closed
  return peer.text
}
