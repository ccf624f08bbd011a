import { circuitBreaker } from '@sluice/circuit-breaker'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { createUpstream, directProxy, type Upstream, type UpstreamOptions } from '../../src/index.ts'
import { ca, server as pair } from '../tls/certificates.ts'

/** Serves WebSockets that say who answers, and for which host. */
async function serve(t: Test, name: string, at: string | undefined, server: Server): Promise<string> {
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => socket.send(`${name} ${request.headers.host}`))
  server.listen(at ?? { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
  })
  if (at !== undefined) return `unix:${at}`
  const { port } = server.address() as { port: number }
  return `http://127.0.0.1:${port}`
}

async function gate(
  t: Test,
  options: Partial<UpstreamOptions> & Pick<UpstreamOptions, 'origins'>,
  before?: (app: FastifyInstance) => unknown,
): Promise<{ upstream: Upstream; url: string; app: FastifyInstance }> {
  const app = fastify({ forceCloseConnections: true })
  await before?.(app)
  const upstream = createUpstream({
    name: 'chat',
    ...(app.hasDecorator('circuitBreakers') && { registry: app.circuitBreakers }),
    ...options,
  })
  t.teardown(() => upstream.dispatcher.destroy())
  t.teardown(() => app.close())
  await app.register(directProxy, { prefix: '/chat', upstream, websocket: true })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { upstream, app, url: `${url.replace('http', 'ws')}/chat/room` }
}

/** The first message, or how the connection ended without one. */
async function hear(url: string): Promise<string | number> {
  const socket = new WebSocket(url)
  socket.on('error', () => {})
  try {
    return await new Promise((resolve) => {
      socket.once('message', (data) => resolve((data as Buffer).toString()))
      socket.once('close', (code) => resolve(code))
    })
  } finally {
    socket.terminate()
  }
}

test('each upgrade goes where the balancer sends it, for the host it goes to', async (t) => {
  const first = await serve(t, 'first', undefined, createServer())
  const second = await serve(t, 'second', undefined, createServer())
  const { url, upstream } = await gate(t, { origins: [first, second] })
  const heard = new Set([await hear(url), await hear(url), await hear(url), await hear(url)])
  const said = [`first ${first.slice(7)}`, `second ${second.slice(7)}`]
  t.strictSame(heard, new Set(said))
  const { requests, attempts, origins } = upstream.stats()
  t.match({ requests, attempts }, { requests: 4, attempts: 4 })
  t.strictSame(
    origins.map((origin) => [origin.requests, origin.active, origin.failures]),
    [
      [2, 0, 0],
      [2, 0, 0],
    ],
  )
})

test('an origin that refuses upgrades is ejected by its breaker', async (t) => {
  const good = await serve(t, 'good', undefined, createServer())
  const gone = await serve(
    t,
    'gone',
    undefined,
    createServer((_, response) => response.end()),
  )
  const { url, upstream } = await gate(t, {
    origins: [gone.replace(/\d+$/, '1'), good],
    breaker: false,
    outlier: { breaker: { consecutiveFailures: 2 } },
  })
  for (let i = 0; i < 6; i++) await hear(url)
  const [bad] = upstream.stats().origins
  t.match(bad, { requests: 2, failures: 2, ejected: true, active: 0 })
  t.strictSame(upstream.stats().errors, { SLUICE_UPSTREAM_REFUSED: 2 })
  t.match(await hear(url), /^good /)
})

test('a status instead of the upgrade counts as it would for any request', async (t) => {
  const server = createServer()
  let status = 503
  server.on('upgrade', (_request, socket) => {
    socket.end(`HTTP/1.1 ${status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { url, upstream } = await gate(t, {
    origins: `http://127.0.0.1:${port}`,
    breaker: { consecutiveFailures: 2, minimumCalls: 100 },
  })
  status = 404
  await hear(url)
  t.match(upstream.stats().origins[0], { state: 'closed', failures: 0 })
  status = 503
  await hear(url)
  await hear(url)
  t.match(upstream.stats().origins[0], { state: 'open', requests: 3, failures: 2, active: 0 })
  await hear(url)
  t.equal(upstream.stats().origins[0]?.requests, 3, 'an open breaker lets none through')
  t.strictSame(upstream.stats().errors, { SLUICE_BREAKER_OPEN: 1 })
})

test('with the breaker plugin its gate counts the upgrade, once', async (t) => {
  const origin = await serve(t, 'only', undefined, createServer())
  const { url, app } = await gate(t, { origins: origin }, (instance) => instance.register(circuitBreaker))
  await hear(url)
  t.match(app.circuitBreakers.get('chat')?.snapshot().totals, { fires: 1, successes: 1, failures: 0 })
  app.circuitBreakers.open('chat')
  const socket = new WebSocket(url)
  const [, response] = await once(socket, 'unexpected-response')
  t.equal(response.statusCode, 503)
  response.resume()
})

test('an origin on a unix socket, one behind TLS, and one that is both', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const unix = await serve(t, 'unix', join(folder, 'chat.sock'), createServer())
  t.equal(await hear((await gate(t, { origins: unix })).url), 'unix localhost')
  const both = join(folder, 'secure.sock')
  await serve(t, 'tls on unix', both, createTlsServer(pair))
  const origins = `https+unix://${encodeURIComponent(both)}`
  t.equal(await hear((await gate(t, { origins, tls: { ca } })).url), 'tls on unix localhost')

  const secure = (await serve(t, 'tls', undefined, createTlsServer(pair))).replace('http:', 'https:')
  t.match(await hear((await gate(t, { origins: secure, tls: { ca } })).url), /^tls 127\.0\.0\.1:/)
  const unverified = await gate(t, { origins: secure })
  t.type(await hear(unverified.url), 'number')
  t.strictSame(unverified.upstream.stats().errors, { SLUICE_UPSTREAM_TLS: 1 })
})

test('a client that leaves during the handshake is nobody’s failure, an origin that is silent is', async (t) => {
  const server = createServer()
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {})
    server.emit('asked')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const origins = `http://127.0.0.1:${port}`
  const patient = await gate(t, { origins })
  const socket = new WebSocket(patient.url)
  socket.on('error', () => {})
  await once(server, 'asked')
  socket.terminate()
  while (patient.upstream.stats().origins[0]?.active !== 0) await new Promise(setImmediate)
  t.match(patient.upstream.stats().origins[0], { failures: 0 })

  const impatient = await gate(t, { origins, timeouts: { headersMs: 100 } })
  t.type(await hear(impatient.url), 'number')
  t.strictSame(impatient.upstream.stats().errors, { SLUICE_UPSTREAM_HEADERS_TIMEOUT: 1 })
})
