import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import httpProxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { countHandshake, type RouteBreakerOptions } from '../../src/index.ts'
import { closedOrigin, until } from '../upstream-server.ts'
import { startApp, type TestApp } from './app.ts'

/** An upstream that accepts at `/`, drops at `/drop` and refuses at `/refuse`. */
async function startSocketUpstream(t: Test): Promise<string> {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/refuse') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      if (request.url === '/drop') setTimeout(() => client.terminate(), 20)
      else client.on('message', (message) => client.send(message))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function proxied(t: Test, upstream: string, options: RouteBreakerOptions = {}): Promise<TestApp> {
  return startApp(t, (app) => {
    void app.register(httpProxy, {
      upstream,
      websocket: true,
      config: { circuitBreaker: { name: 'upstream', ...options } },
      wsClientOptions: { finishRequest: countHandshake },
    })
  })
}

/** What becomes of a connection: `open`, then `closed`, or the status that refused it. */
async function connect(url: string): Promise<{ client: WebSocket; seen: string }> {
  const client = new WebSocket(url.replace('http', 'ws'))
  client.on('error', () => {})
  const refused = once(client, 'unexpected-response').then(([, { statusCode }]) => String(statusCode))
  const seen = await Promise.race([once(client, 'open').then(() => 'open'), refused])
  return { client, seen }
}

test('a handshake with the upstream is a success, also while the connection lives', async (t) => {
  const { origin, outcomes, breakers } = await proxied(t, await startSocketUpstream(t))
  const { client, seen } = await connect(`${origin}/`)
  t.equal(seen, 'open')
  client.send('hello')
  await once(client, 'message')
  t.strictSame(outcomes, ['success'])
  t.equal(breakers.get('upstream')?.snapshot().inFlight, 0)
  client.close()
  await once(client, 'close')
  t.strictSame(outcomes, ['success'])
})

test('a connection that drops later is not a failure', async (t) => {
  const { origin, outcomes } = await proxied(t, await startSocketUpstream(t))
  const { client } = await connect(`${origin}/drop`)
  await once(client, 'close')
  t.strictSame(outcomes, ['success'])
})

test('an upstream that refuses is a failure, and the client is closed', async (t) => {
  const { origin, outcomes } = await proxied(t, await startSocketUpstream(t))
  const { client } = await connect(`${origin}/refuse`)
  await once(client, 'close')
  t.strictSame(outcomes, ['failure:status:503'])
})

test('an upstream that is not there is a failure', async (t) => {
  const { origin, outcomes } = await proxied(t, await closedOrigin())
  const { client } = await connect(`${origin}/`)
  await once(client, 'close')
  t.strictSame(outcomes, ['failure:network:ECONNREFUSED'])
})

test('an upstream that does not answer the handshake in time is a timeout', async (t) => {
  const silent = createServer().on('upgrade', (_request, socket) => t.teardown(() => socket.destroy()))
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  t.teardown(() => void silent.close())
  const to = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const { origin, outcomes } = await proxied(t, to, { timeoutMs: 50 })
  const { client } = await connect(`${origin}/`)
  await until(() => outcomes.length === 1)
  t.match(outcomes, [/^failure:timeout/])
  client.terminate()
})

test("permit: 'attempt' counts handshakes too, which no dispatcher sees", async (t) => {
  const { origin, outcomes } = await proxied(t, await startSocketUpstream(t), { permit: 'attempt' })
  const { client } = await connect(`${origin}/refuse`)
  await once(client, 'close')
  t.strictSame(outcomes, ['failure:status:503'])
})

test('an open breaker refuses the handshake with a 503', async (t) => {
  const { origin, outcomes, breakers } = await proxied(t, await startSocketUpstream(t))
  breakers.open('upstream')
  t.equal((await connect(`${origin}/`)).seen, '503')
  t.strictSame(outcomes, ['reject'])
})

test('without countHandshake the handshake with the client counts', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    void app.register(websocket)
    void app.register(async (child) => {
      child.get('/', { websocket: true, config: { circuitBreaker: 'sockets' } }, (socket) =>
        socket.send('welcome'),
      )
    })
  })
  const { client } = await connect(`${origin}/`)
  t.strictSame(outcomes, ['success'])
  client.terminate()
})
