import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway, type GatewaySetup } from './gateway.ts'

async function echoing(
  t: Test,
  setup: Partial<GatewaySetup> = {},
): Promise<{ url: string; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer()
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'chat' })
  sockets.on('connection', (socket, request) => {
    seen.push({ ...request.headers, url: request.url })
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const overrides = { websocket: true, ...setup.overrides }
  const gateway = await startGateway(t, {
    to: `http://127.0.0.1:${port}`,
    prefix: '/chat',
    ...setup,
    overrides,
  })
  return { url: gateway.url.replace('http', 'ws'), seen }
}

test('WebSockets pass, with the headers that any request gets', async (t) => {
  const { url, seen } = await echoing(t, {
    overrides: { stripHeaders: ['x-api-key'], requestHeaders: () => ({ 'x-consumer-id': 'alice' }) },
  })
  const socket = new WebSocket(`${url}/chat/room?a=1`, ['chat'], {
    headers: { 'x-api-key': 'secret', 'x-consumer-id': 'mallory', authorization: 'Bearer b' },
  })
  await once(socket, 'open')
  const echoes: string[] = []
  socket.on('message', (data) => echoes.push((data as Buffer).toString()))
  socket.send('one')
  socket.send('two')
  while (echoes.length < 2) await once(socket, 'message')
  t.strictSame(echoes, ['one', 'two'])
  t.match(seen, [
    {
      url: '/room?a=1',
      'x-consumer-id': 'alice',
      authorization: 'Bearer b',
      'x-forwarded-for': '127.0.0.1',
      via: '1.1 sluice',
    },
  ])
  t.match(seen[0]?.traceparent, /^00-/)
  t.notOk(seen[0]?.['x-api-key'])
  const closed = once(socket, 'close')
  socket.close(4001, 'enough')
  await closed
})

test('a gate on the route holds upgrades too', async (t) => {
  const { url, seen } = await echoing(t, {
    before: (app) => {
      app.addHook('preHandler', (_request, reply) => {
        void reply.code(503).header('retry-after', '7').send({ code: 'SLUICE_BREAKER_OPEN' })
      })
    },
  })
  const socket = new WebSocket(`${url}/chat/room`)
  const [, response] = await once(socket, 'unexpected-response')
  t.equal(response.statusCode, 503)
  t.equal(response.headers['retry-after'], '7')
  response.resume()
  t.strictSame(seen, [])
})
