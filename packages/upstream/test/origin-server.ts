import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** An HTTP server of the test's own. */
export interface OriginServer {
  readonly url: string
  readonly port: number
  /** Requests so far. */
  hits: number
  /** Connections so far. */
  connections: number
  /** May be exchanged at any time. */
  listener: (request: IncomingMessage, response: ServerResponse) => void
  stop(): Promise<void>
}

/** Starts one on a free port of the loopback; it ends with the test. */
export async function startOrigin(t: Test, listener: OriginServer['listener'] = ok): Promise<OriginServer> {
  const server = createServer((request, response) => {
    origin.hits++
    origin.listener(request, response)
  })
  server.on('connection', () => origin.connections++)
  // Tests open hundreds of connections at once; one that finds the queue full would take a second to try again.
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin: OriginServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    hits: 0,
    connections: 0,
    listener,
    async stop() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  t.teardown(() => origin.stop())
  return origin
}

export function ok(_request: IncomingMessage, response: ServerResponse): void {
  response.end('ok')
}

/** Answers with `status`. */
export function status(
  code: number,
  headers: Record<string, string> = {},
  body = 'no',
): OriginServer['listener'] {
  return (_request, response) => {
    response.writeHead(code, headers)
    response.end(body)
  }
}

/** Never answers. */
export function hang(): void {}

/** A port of the loopback on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until `condition` holds; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (condition()) return
    await new Promise((done) => setTimeout(done, 5))
  }
  throw new Error(`ten seconds, and not yet: ${what}`)
}
