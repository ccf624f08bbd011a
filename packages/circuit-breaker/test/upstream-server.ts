/**
 * An upstream under a test's control: each path misbehaves in its own way.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, LookupFunction, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BreakerRegistry, CircuitBreaker } from '../src/index.ts'

export interface UpstreamServer {
  readonly origin: string
  readonly port: number
  /** Requests that arrived, as `METHOD path`. */
  readonly seen: string[]
  /** Paths whose connection was closed by the other side before the answer was whole. */
  readonly abandoned: string[]
  /** Ends every answer that is still going on (`/sse`, `/stall`), by dropping its connection. */
  dropAll(): void
  /** Ends every answer that is still going on, properly. */
  endAll(): void
  close(): Promise<void>
}

type Behaviour = (request: IncomingMessage, response: ServerResponse, url: URL) => void

const behaviours: Record<string, Behaviour> = {
  '/ok': (_request, response) => void response.end('ok'),
  '/big': (_request, response) => void response.end(Buffer.alloc(1_000_000, 'x')),
  '/status': (_request, response, url) => {
    response.statusCode = Number(url.searchParams.get('code'))
    response.setHeader('x-upstream', 'real')
    const retryAfter = url.searchParams.get('retry-after')
    if (retryAfter !== null) response.setHeader('retry-after', retryAfter)
    response.end('status body')
  },
  '/echo': (request, response) => {
    response.setHeader('content-type', request.headers['content-type'] ?? 'text/plain')
    request.pipe(response)
  },
  '/headers': (request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers }))
  },
  '/reset-before': (request) => void request.socket.resetAndDestroy(),
  '/close-before': (request) => void request.socket.destroy(),
  '/reset-mid': (request, response) => {
    begin(response, () => request.socket.resetAndDestroy())
  },
  '/close-mid': (request, response) => {
    begin(response, () => request.socket.destroy())
  },
  '/hang': () => {},
  '/stall': (_request, response) => void response.write('first piece'),
  '/sse': (_request, response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.write('data: 1\n\n')
  },
}

/** Sends headers and the first piece of a body that promises more. */
function begin(response: ServerResponse, then: () => void): void {
  response.writeHead(200, { 'content-length': '1000' })
  response.write('first piece', () => setTimeout(then, 20))
}

export async function startUpstream(): Promise<UpstreamServer> {
  const seen: string[] = []
  const abandoned: string[] = []
  const going = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://upstream')
    seen.push(`${request.method} ${request.url}`)
    going.add(response)
    response.once('close', () => {
      going.delete(response)
      if (!response.writableFinished) abandoned.push(url.pathname)
    })
    const behaviour = behaviours[url.pathname]
    if (behaviour === undefined) response.writeHead(404).end('no such behaviour')
    else behaviour(request, response, url)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', upgrade)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    seen,
    abandoned,
    dropAll: () => going.forEach((response) => response.socket?.resetAndDestroy()),
    endAll: () => going.forEach((response) => response.end()),
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}

function upgrade(request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {})
  if (request.url?.startsWith('/refuse')) {
    socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    return
  }
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
  if (request.url?.startsWith('/drop')) setTimeout(() => socket.destroy(), 20)
  else socket.pipe(socket)
}

/** An origin on which nobody listens. */
export async function closedOrigin(): Promise<string> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return `http://127.0.0.1:${port}`
}

/** Waits until `condition` holds, for at most ten seconds. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((later) => setTimeout(later, 5))
  }
}

/** A resolver that knows no name. */
export const notFound: LookupFunction = (_name, _options, found) => {
  process.nextTick(found, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
}

/** Everything a breaker counts from now on, in order: `success`, `ignored`, `reject`, `failure:<kind>:<detail>`. */
export function recordOutcomes(breaker: CircuitBreaker | BreakerRegistry): string[] {
  const outcomes: string[] = []
  breaker.on('success', () => outcomes.push('success'))
  breaker.on('ignored', () => outcomes.push('ignored'))
  breaker.on('reject', () => outcomes.push('reject'))
  breaker.on('failure', ({ cause }) => outcomes.push(`failure:${cause?.kind}:${cause?.detail}`))
  return outcomes
}
