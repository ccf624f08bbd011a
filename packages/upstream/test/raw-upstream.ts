import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { Peer } from './peer.ts'

/** An upstream that does just what the test tells it to. */
export interface RawUpstream {
  readonly port: number
  readonly url: string
  /** Every connection so far, but for what is forgotten. */
  readonly connections: readonly Peer[]
  /** How many are open. */
  open(): number
  /** The next connection that nobody has asked for yet. */
  next(): Promise<Peer>
  /** Forgets those that are closed, for a test that counts bytes. Those that are open may come by `next()` again. */
  forget(): void
  stop(): Promise<void>
}

/** Starts one on a free port. `onConnection` speaks for it; without it the test takes connections by `next()`. */
export async function startRawUpstream(onConnection?: (peer: Peer) => void): Promise<RawUpstream> {
  const connections: Peer[] = []
  let taken = 0
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = new Peer(socket)
    connections.push(peer)
    onConnection?.(peer)
    server.emit('peer')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections,
    open: () => connections.filter(({ socket }) => !socket.destroyed).length,
    async next() {
      for (;;) {
        const peer = connections[taken]
        if (peer !== undefined) {
          taken++
          return peer
        }
        await once(server, 'peer')
      }
    },
    forget() {
      connections.splice(0, connections.length, ...connections.filter(({ socket }) => !socket.destroyed))
      taken = 0
    },
    async stop() {
      for (const peer of connections) peer.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
