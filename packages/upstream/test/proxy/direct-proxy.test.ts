import { once } from 'node:events'
import { createServer, METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { converse } from '../peer.ts'
import { startGateway, type Gateway, type GatewaySetup } from './gateway.ts'

/** A gateway by `directProxy` whose upstream says what it was asked for. */
async function telling(t: Test, setup: Partial<GatewaySetup> = {}): Promise<Gateway> {
  const server = createServer((req, res) => {
    if (req.url === '/v1/moved') res.setHeader('location', '/v1/here')
    if (req.url === '/v1/away') res.setHeader('location', 'https://elsewhere.example/v1/x')
    let length = 0
    req.on('data', (chunk: Buffer) => (length += chunk.length))
    req.on('end', () => res.end(`${req.method} ${req.url} ${length}`))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => socket.send(`${request.url}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as { port: number }
  return startGateway(t, { to: `http://127.0.0.1:${port}`, direct: true, prefix: '/shop', ...setup })
}

async function get(url: string, init?: RequestInit): Promise<string> {
  return (await fetch(url, init)).text()
}

test('paths below the prefix go out without it', async (t) => {
  const { url } = await telling(t)
  t.equal(await get(`${url}/shop/a/b%20c?d=1&d=2`), 'GET /a/b%20c?d=1&d=2 0')
  t.equal(await get(`${url}/shop`), 'GET / 0')
  t.equal(await get(`${url}/shop?a`), 'GET /?a 0')
  t.equal((await fetch(`${url}/other`)).status, 404)
  t.equal((await fetch(`${url}/shopping`)).status, 404)
})

test('the root is a prefix too', async (t) => {
  const { url } = await telling(t, { prefix: '/' })
  t.equal(await get(`${url}/`), 'GET / 0')
  t.equal(await get(`${url}/a`), 'GET /a 0')
})

test('another prefix may stand in its place, in redirects as well', async (t) => {
  const { url } = await telling(t, { overrides: { rewritePrefix: '/v1/' } })
  t.equal(await get(`${url}/shop/a`), 'GET /v1/a 0')
  t.equal(await get(`${url}/shop`), 'GET /v1 0')
  const locationOf = async (path: string): Promise<string | null> =>
    (await fetch(url + path, { redirect: 'manual' })).headers.get('location')
  t.equal(await locationOf('/shop/moved'), '/shop/here')
  t.equal(await locationOf('/shop/away'), 'https://elsewhere.example/v1/x')
})

test('redirects stay as they are where that is asked for', async (t) => {
  const overrides = { rewritePrefix: '/v1/', internalRewriteLocationHeader: false }
  const { url } = await telling(t, { overrides })
  const { headers } = await fetch(`${url}/shop/moved`, { redirect: 'manual' })
  t.equal(headers.get('location'), '/v1/here')
})

test('its hooks run, and only its methods are routed', async (t) => {
  const asked: string[] = []
  const { url } = await telling(t, {
    overrides: {
      httpMethods: ['GET', 'POST'],
      preValidation: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        asked.push(`preValidation ${request.method}`)
        if (request.headers.authorization === undefined) void reply.code(401).send('who are you')
        else done()
      },
      preHandler: (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        asked.push(`preHandler ${request.method}`)
        done()
      },
    },
  })
  t.equal((await fetch(`${url}/shop/a`)).status, 401)
  t.equal(await get(`${url}/shop/a`, { headers: { authorization: 'a' } }), 'GET /a 0')
  t.equal((await fetch(`${url}/shop/a`, { method: 'DELETE' })).status, 404)
  t.strictSame(asked, ['preValidation GET', 'preValidation GET', 'preHandler GET'])
})

test('a prefix in another spelling than the router’s is refused', async (t) => {
  const { port } = await telling(t)
  const ask = (path: string): Promise<string> =>
    converse(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  t.match(await ask('/%73hop/a'), /^HTTP\/1.1 400 [^]*SLUICE_UNSAFE_PATH/)
  t.match(await ask('/shop/../a'), /^HTTP\/1.1 400 [^]*SLUICE_UNSAFE_PATH/)
  const folding = await telling(t, { server: { routerOptions: { caseSensitive: false } } })
  t.equal(await get(`${folding.url}/SHOP/A`), 'GET /A 0')
})

test('a prefix with parameters', async (t) => {
  const { url } = await telling(t, { prefix: '/:tenant/shop', overrides: { rewritePrefix: '/t/:tenant' } })
  t.equal(await get(`${url}/acme/shop/a`), 'GET /t/acme/a 0')
})

test('every method and every type of body passes', async (t) => {
  const { url, port } = await telling(t)
  for (const method of METHODS.filter((name) => !['CONNECT', 'HEAD'].includes(name))) {
    const text = await converse(
      port,
      `${method} /shop/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc`,
    )
    t.match(text, new RegExp(`\\r\\n${method} /a 3$`), method)
  }
  for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded', 'x/y']) {
    const body = 'x'.repeat(2_000_000)
    t.equal(
      await get(`${url}/shop/a`, { method: 'POST', body, headers: { 'content-type': type } }),
      'POST /a 2000000',
    )
  }
})

test('hooks and config of the route hold', async (t) => {
  const { url } = await telling(t, {
    overrides: {
      config: { plan: 'gold' } as object,
      preHandler: (request: any, reply: any, done: () => void) => {
        reply.header('x-plan', request.routeOptions.config.plan)
        done()
      },
    },
  })
  t.equal((await fetch(`${url}/shop/a`)).headers.get('x-plan'), 'gold')
})

test('WebSockets pass where they are asked for, beside plain requests', async (t) => {
  const { url } = await telling(t, { overrides: { websocket: true, rewritePrefix: '/v1' } })
  t.equal(await get(`${url}/shop/a`), 'GET /v1/a 0')
  const socket = new WebSocket(`${url.replace('http', 'ws')}/shop/room?b=1`)
  const [data] = await once(socket, 'message')
  t.equal(String(data), '/v1/room?b=1')
  const closed = once(socket, 'close')
  socket.close()
  await closed
})
