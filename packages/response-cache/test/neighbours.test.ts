import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import { test } from 'tap'
import responseCache from '../src/index.ts'
import { cached, until } from './app.ts'

/** One request over a real socket. */
async function get(
  app: FastifyInstance,
  path: string,
  headers: Record<string, string> = {},
  agent?: Agent,
): Promise<{ message: IncomingMessage; body: Buffer }> {
  const { port } = app.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, path, headers, ...(agent === undefined ? {} : { agent }) },
      (message) => {
        const chunks: Buffer[] = []
        message.on('data', (chunk: Buffer) => chunks.push(chunk))
        message.on('end', () => resolve({ message, body: Buffer.concat(chunks) }))
        message.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end()
  })
}

const orders: ((
  app: FastifyInstance,
  plugin: () => Promise<void>,
  cache: () => Promise<void>,
) => Promise<void>)[] = [
  async (_app, plugin, cache) => {
    await plugin()
    await cache()
  },
  async (_app, plugin, cache) => {
    await cache()
    await plugin()
  },
]

for (const [index, order] of orders.entries()) {
  const place = index === 0 ? 'before' : 'after'

  test(`compression registered ${place} the cache`, async (t) => {
    const app = fastify()
    await order(
      app,
      async () => {
        await app.register(compress, { threshold: 0 })
      },
      async () => {
        await app.register(responseCache, { defaultTtl: 60_000 })
      },
    )
    const text = 'soup '.repeat(1000)
    app.get('/menu', cached(), (_request, reply) => reply.type('text/plain').send(text))
    await app.listen({ port: 0 })
    t.teardown(() => app.close())
    for (const expected of ['MISS', 'HIT']) {
      const packed = await get(app, '/menu', { 'accept-encoding': 'gzip' })
      t.equal(packed.message.headers['content-encoding'], 'gzip')
      t.equal(gunzipSync(packed.body).toString(), text)
      t.equal(packed.message.headers['x-cache'], expected)
    }
    for (let round = 0; round < 2; round++) {
      const plain = await get(app, '/menu', { 'accept-encoding': 'identity' })
      t.equal(plain.message.headers['content-encoding'], undefined)
      t.equal(plain.body.toString(), text)
    }
  })

  test(`etags registered ${place} the cache`, async (t) => {
    const app = fastify()
    await order(
      app,
      async () => {
        await app.register(etag)
      },
      async () => {
        await app.register(responseCache, { defaultTtl: 60_000 })
      },
    )
    app.get('/menu', cached(), (_request, reply) => reply.type('text/plain').send('soup'))
    const first = await app.inject({ url: '/menu', headers: { 'if-none-match': '"unknown"' } })
    const tag = String(first.headers.etag)
    t.equal(first.body, 'soup')
    const hit = await app.inject('/menu')
    t.equal(hit.headers['x-cache'], 'HIT')
    t.equal(hit.headers.etag, tag)
    const notModified = await app.inject({ url: '/menu', headers: { 'if-none-match': tag } })
    t.equal(notModified.statusCode, 304)
    t.equal(notModified.headers['x-cache'], 'HIT')
  })
}

test('hits keep the connection alive', async (t) => {
  const app = fastify()
  await app.register(responseCache, { defaultTtl: 60_000 })
  app.get('/menu', cached(), () => ({ dish: 'soup' }))
  await app.listen({ port: 0 })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(async () => {
    agent.destroy()
    await app.close()
  })
  let connections = 0
  app.server.on('connection', () => (connections += 1))
  for (let count = 0; count < 5; count++) {
    const { message } = await get(app, '/menu', {}, agent)
    t.equal(message.headers.connection, 'keep-alive')
  }
  t.equal(connections, 1)
})

async function origin(
  t: { teardown(fn: () => unknown): void },
  handler: Parameters<typeof createServer>[1],
): Promise<{ url: string; server: Server }> {
  const server = createServer(handler as never)
  await new Promise<void>((ready) => server.listen(0, ready))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function proxyTo(
  t: { teardown(fn: () => unknown): void },
  upstream: string,
  config: object,
): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(responseCache, config)
  await app.register(httpProxy, { upstream, prefix: '/api', config: { responseCache: true } })
  await app.listen({ port: 0 })
  t.teardown(() => app.close())
  return app
}

test('proxied answers are cached, validated, and stood in for', async (t) => {
  const asked: string[] = []
  let mode: 'fresh' | 'down' = 'fresh'
  const { url } = await origin(t, (request, response) => {
    asked.push(
      `${String(request.method)} ${request.headers['if-none-match'] ?? '-'} ${String(request.headers['x-sluice-refresh'] ?? '-')}`,
    )
    if (mode === 'down') {
      request.socket.destroy()
      return
    }
    // Its clock is not the one of the test.
    response.sendDate = false
    response.setHeader('etag', '"v1"')
    response.setHeader('cache-control', 'max-age=1, stale-if-error=60')
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end()
    else response.writeHead(200, { 'content-type': 'text/plain' }).end('soup')
  })
  let now = Date.now()
  const app = await proxyTo(t, url, { now: () => now })
  const ask = async (headers: Record<string, string> = {}): Promise<unknown[]> => {
    const { message, body } = await get(app, '/api/menu', headers)
    return [message.statusCode, message.headers['x-cache'], body.toString()]
  }
  t.same(await ask(), [200, 'MISS', 'soup'])
  t.same(await ask(), [200, 'HIT', 'soup'])
  t.same(await ask({ 'if-none-match': '"v1"' }), [304, 'HIT', ''])
  now += 2000
  t.same(await ask(), [200, 'REVALIDATED', 'soup'])
  t.same(await ask(), [200, 'HIT', 'soup'])
  now += 2000
  t.same(await ask({ 'if-none-match': '"v1"' }), [304, 'REVALIDATED', ''])
  mode = 'down'
  now += 2000
  t.same(await ask(), [200, 'STALE', 'soup'])
  t.same(asked.slice(0, 3), ['GET - -', 'GET "v1" -', 'GET "v1" -'])
})

test('large proxied bodies are copied as they flow; one that breaks off is not kept', async (t) => {
  const size = 900_000
  let calls = 0
  let breaking = false
  const { url } = await origin(t, (_request, response) => {
    calls += 1
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': size })
    if (!breaking) {
      response.end(Buffer.alloc(size, 'x'))
      return
    }
    response.write(Buffer.alloc(size / 2, 'x'), () => response.destroy())
  })
  const app = await proxyTo(t, url, {})
  breaking = true
  await get(app, '/api/film').catch(() => {})
  breaking = false
  const whole = await get(app, '/api/film')
  t.equal(whole.message.headers['x-cache'], 'MISS')
  t.equal(whole.body.length, size)
  const hit = await get(app, '/api/film')
  t.equal(hit.message.headers['x-cache'], 'HIT')
  t.ok(hit.body.equals(whole.body))
  t.equal(calls, 2)
})

test('a client that leaves stops neither the others who wait nor the next', async (t) => {
  let calls = 0
  const held: (() => void)[] = []
  const app = fastify()
  await app.register(responseCache, {})
  app.get('/menu', cached(), async (_request, reply) => {
    const call = ++calls
    if (call === 1) await new Promise<void>((open) => held.push(open))
    return reply.header('cache-control', 'max-age=60').send({ call })
  })
  await app.listen({ port: 0 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const leaver = httpRequest({ port, path: '/menu' }).on('error', () => {})
  leaver.end()
  await until(() => calls === 1)
  const waiting = [get(app, '/menu'), get(app, '/menu'), get(app, '/menu')]
  let connections = 0
  await until(async () => {
    connections = await new Promise<number>((resolve) =>
      app.server.getConnections((_error, count) => resolve(count)),
    )
    return connections === 4
  })
  leaver.destroy()
  for (const { body } of await Promise.all(waiting)) t.equal(body.toString(), '{"call":2}')
  t.equal(calls, 2)
  for (const open of held) open()
})

test('a HEAD that says the answer has changed drops it', async (t) => {
  let version = 1
  const app = fastify()
  await app.register(responseCache, { now: () => clock })
  let clock = Date.now()
  app.get('/menu', { ...cached(), exposeHeadRoute: true }, (_request, reply) =>
    reply.header('cache-control', 'max-age=1').header('etag', `"${version}"`).send(`v${version}`),
  )
  await app.inject('/menu')
  clock += 2000
  version = 2
  await app.inject({ method: 'HEAD', url: '/menu' })
  t.equal(app.responseCache.stats().memory.entries, 0)
})
