import { connect as connectHttp2 } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { createServer, type IncomingMessage } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import * as fc from 'fast-check'
import { test, type Test } from 'tap'
import { apiKeyAuth, memoryKeys } from '../../src/index.ts'

/** An upstream that notes who got through. */
async function upstream(t: Test) {
  const reached: IncomingMessage[] = []
  const server = createServer((request, response) => {
    reached.push(request)
    response.end('reached')
  })
  server.on('upgrade', (request, socket) => {
    reached.push(request)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  return { reached, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function gateway(
  t: Test,
  url: string,
  options: object = {},
): Promise<{ app: FastifyInstance; port: number }> {
  const app = fastify({ ...options, forceCloseConnections: true } as object) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys(), throttle: false })
  await app.register(httpProxy, {
    upstream: url,
    prefix: '/private',
    websocket: true,
    config: { apiKey: { scopes: ['private'] } },
  })
  app.get('/open', () => 'open')
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** One request to the byte; the status of what comes back. */
function raw(port: number, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let reply = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer to ${request}`)))
    socket.on('data', (chunk) => {
      reply += chunk.toString()
      const status = /^HTTP\/1\.1 (\d+)/.exec(reply)
      if (status === null) return
      socket.destroy()
      resolve(Number(status[1]))
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(0))
  })
}

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: gateway\r\n${headers}\r\n`

const spellings = [
  '/private',
  '/private/',
  '/private/a',
  '//private/a',
  '/./private/a',
  '/open/../private/a',
  '/open/%2e%2e/private/a',
  '/open/..%2fprivate/a',
  '/open%2f..%2fprivate/a',
  '/%70rivate/a',
  '/priv%61te/a',
  '/private%2fa',
  '/private;a=b/a',
  '/private/;/a',
  '/;/private/a',
  '/PRIVATE/a',
  '/private\\a',
  '/private/a?x=/open',
  '/private/a#/open',
  '/private/%00',
  'http://gateway/private/a',
  'http://other/private/a',
  'http:/private/a',
  '*',
]

test('no spelling of a path gets round a route’s key', async (t) => {
  const { reached, url } = await upstream(t)
  for (const routerOptions of [
    {},
    {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      caseSensitive: false,
      useSemicolonDelimiter: true,
    },
  ]) {
    const { app, port } = await gateway(t, url, { routerOptions })
    for (const target of spellings) {
      const status = await raw(port, get(target))
      t.ok([400, 401, 404, 405].includes(status), `${target} is ${status}`)
      t.not(await raw(port, get(target, 'x-api-key: wrong\r\n')), 200, target)
    }
    t.same(reached, [], 'nothing got through')
    const { key } = await app.apiKeys.create({ consumer: 'a', scopes: ['private'] })
    t.equal(await raw(port, get('/private/a', `x-api-key: ${key}\r\n`)), 200)
    t.equal(reached.length, 1)
    reached.length = 0
  }
})

test('no method gets round it, and none that a client makes up', async (t) => {
  const { reached, url } = await upstream(t)
  const { port } = await gateway(t, url)
  for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    for (const headers of [
      '',
      'X-HTTP-Method-Override: OPTIONS\r\nOrigin: a\r\nAccess-Control-Request-Method: GET\r\n',
    ]) {
      if (method === 'OPTIONS' && headers !== '') continue
      const status = await raw(
        port,
        `${method} /private/a HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n${headers}\r\n`,
      )
      t.ok([400, 401, 404, 405].includes(status), `${method} is ${status}`)
    }
  }
  t.same(reached, [])
})

test('one key, once: repeated headers are refused', async (t) => {
  const { reached, url } = await upstream(t)
  const { app, port } = await gateway(t, url)
  const { key } = await app.apiKeys.create({ consumer: 'a', scopes: ['private'] })
  for (const headers of [
    `x-api-key: ${key}\r\nx-api-key: ${key}\r\n`,
    `x-api-key: ${key}\r\nX-API-KEY: other\r\n`,
    `x-api-key: ${key}, ${key}\r\n`,
    `authorization: Bearer ${key}\r\nauthorization: Bearer ${key}\r\n`,
    `authorization: Bearer ${key}\r\nAuthorization: Basic YTpi\r\n`,
    `authorization: Bearer ${key}\r\nx-api-key: ${key}\r\n`,
    `authorization: Bearer ${key} ${key}\r\n`,
    `x_api_key: ${key}\r\n`,
  ]) {
    t.equal(await raw(port, get('/private/a', headers)), 401, headers.replaceAll(key, 'KEY'))
  }
  t.same(reached, [])
})

test('the upstream gets our word on who is calling, in both of Node’s forms', async (t) => {
  const { reached, url } = await upstream(t)
  const { app, port } = await gateway(t, url)
  const { key, record } = await app.apiKeys.create({ consumer: 'mobile', scopes: ['private'] })
  const claims =
    'X-Consumer-Id: admin\r\nx_consumer_id: admin\r\nX-Consumer-Scopes: *\r\nX-Credential-Id: 1\r\nX-Consumer-Groups: root\r\n'
  t.equal(
    await raw(
      port,
      get(
        '/private/a',
        `x-api-key: ${key}\r\n${claims}Connection: keep-alive, x-consumer-id, x-credential-id\r\n`,
      ),
    ),
    200,
  )
  const headers = reached[0]?.headers ?? {}
  t.match(headers, {
    'x-consumer-id': 'mobile',
    'x-credential-id': record.id,
    'x-consumer-scopes': 'private',
  })
  t.notMatch(JSON.stringify(reached[0]?.rawHeaders), /admin|root|x_consumer|x-consumer-groups/i)
  t.notOk('x-api-key' in headers)
})

test('an upgrade needs a key like any other request', async (t) => {
  const { reached, url } = await upstream(t)
  const { app, port } = await gateway(t, url)
  const { key } = await app.apiKeys.create({ consumer: 'a', scopes: ['private'] })
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  for (const target of [
    '/private/a',
    '//private/a',
    '/%70rivate/a',
    'http://gateway/private/a',
    '/open/../private/a',
  ]) {
    const status = await raw(port, get(target, upgrade))
    t.ok([400, 401, 404].includes(status), `${target} is ${status}`)
  }
  t.same(reached, [])
  t.equal(await raw(port, get('/private/a', `${upgrade}x-api-key: ${key}\r\n`)), 101)
})

test('HTTP/2 pseudo headers are no way round', async (t) => {
  const { reached, url } = await upstream(t)
  const { app, port } = await gateway(t, url, { http2: true })
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => session.close())
  session.on('error', () => {})
  const ask = (headers: Record<string, string | string[]>) =>
    new Promise<number>((resolve) => {
      const stream = session.request({ ':method': 'GET', ...headers })
      stream.on('response', (reply) => resolve(Number(reply[':status'])))
      stream.on('error', () => resolve(0))
      stream.on('close', () => resolve(0))
      stream.resume()
      stream.end()
    })
  for (const path of spellings.filter((path) => path !== '/private/a#/open')) {
    for (const authority of ['gateway', '/private', 'gateway/open?']) {
      const status = await ask({ ':path': path, ':authority': authority })
      t.ok([0, 400, 401, 404, 405].includes(status), `${authority} ${path} is ${status}`)
    }
  }
  const { key } = await app.apiKeys.create({ consumer: 'a', scopes: ['private'] })
  t.equal(await ask({ ':path': '/private/a', 'x-api-key': [key, key] }), 401)
  t.same(reached, [])
  t.equal(await ask({ ':path': '/private/a', 'x-api-key': key }), 200)
  t.notOk('x-api-key' in (reached[0]?.headers ?? {}))
})

test('a key that was tampered with never passes', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  const store = memoryKeys([{ hash: '1'.repeat(64), consumer: 'foreign', foreign: true }])
  await app.register(apiKeyAuth, { store, throttle: false, foreignKeys: true })
  app.get('/', { config: { apiKey: true } }, () => 'fine')
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  const elsewhere = key.replace('_live_', '_test_')
  const tampered = fc.oneof(
    fc
      .record({ at: fc.integer({ min: 0, max: key.length - 1 }), to: fc.integer({ min: 33, max: 126 }) })
      .map(({ at, to }) => key.slice(0, at) + String.fromCharCode(to) + key.slice(at + 1)),
    fc.integer({ min: 0, max: key.length - 1 }).map((length) => key.slice(0, length)),
    fc.integer({ min: 1, max: key.length }).map((length) => key + key.slice(0, length)),
    fc.constantFrom(
      key + key,
      `${key},${key}`,
      key.toUpperCase(),
      key.toLowerCase(),
      elsewhere,
      `"${key}"`,
      `${key}=`,
    ),
  )
  await fc.assert(
    fc.asyncProperty(tampered, fc.boolean(), async (text, bearer) => {
      const headers: Record<string, string> = bearer
        ? { authorization: `Bearer ${text}` }
        : { 'x-api-key': text }
      const { statusCode } = await app.inject({ url: '/', headers })
      t.equal(statusCode === 200, text === key, text)
    }),
    { numRuns: 300 },
  )
})

test('a key of another environment never passes, though its record is here', async (t) => {
  const store = memoryKeys()
  const start = async (environment: string) => {
    const app = fastify()
    t.teardown(() => app.close())
    await app.register(apiKeyAuth, { store, environment })
    app.get('/', { config: { apiKey: true } }, () => 'fine')
    return app
  }
  const [live, testing] = [await start('live'), await start('test')]
  const { key } = await testing.apiKeys.create({ consumer: 'a' })
  t.equal((await testing.inject({ url: '/', headers: { 'x-api-key': key } })).statusCode, 200)
  t.equal((await live.inject({ url: '/', headers: { 'x-api-key': key } })).statusCode, 401)
})
