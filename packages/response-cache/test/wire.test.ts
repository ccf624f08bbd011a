/** What only a real connection can bring: fields that no client library would send, and HTTP/2. */
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { connect, createServer, type AddressInfo } from 'node:net'
import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import { test, type Test } from 'tap'
import responseCache from '../src/index.ts'
import { cached } from './app.ts'

const BODY = '{"dish":"soup"}'

async function portOf(t: Test, app: FastifyInstance): Promise<number> {
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

interface RawAnswer {
  readonly status: number
  readonly cache: string | undefined
  readonly body: string
}

/** Sends these lines as they are, on a connection of its own, and reads what comes. */
function send(port: number, fields: readonly string[], target = '/menu'): Promise<RawAnswer> {
  const lines = [`GET ${target} HTTP/1.1`, 'Host: menu.example', ...fields, 'Connection: close', '', '']
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('end', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const status = Number(head.split(' ')[1])
      resolve({ status, cache: /^x-cache: (\w+)/im.exec(head)?.[1], body })
    })
    socket.write(lines.join('\r\n'), 'latin1')
  })
}

test('malformed fields of clients are passed over, or answered as the RFC says', async (t) => {
  const app = fastify()
  await app.register(responseCache, { defaultTtl: 60_000 })
  app.get('/menu', cached(), (_request, reply) =>
    reply.header('etag', '"a"').type('application/json').send(BODY),
  )
  const port = await portOf(t, app)
  t.equal((await send(port, [])).cache, 'MISS')
  const passedOver = [
    ['If-None-Match: "'],
    ['If-None-Match: a, W/"'],
    ['If-Modified-Since: yesterday'],
    ['If-Modified-Since: Sat, 99 Foo 2026 99:99:99 GMT'],
    ['Range: bytes=abc'],
    ['Range: lines=1-2'],
    ['Range: bytes=0-1', 'If-Range: W/"a"'],
    ['Cache-Control: ,,,=;"'],
    ['Cache-Control: max-stale="'],
    [`Cache-Control: ${'x,'.repeat(3000)}`],
    ['Pragma: "no-cache'],
    ['Accept-Encoding: ;;q=,,*;q=x'],
    ['Cookie: \xe9=\xff'],
    ['X-Sluice-Refresh: guess'],
  ]
  for (const fields of passedOver) {
    t.same(
      await send(port, fields),
      { status: 200, cache: 'HIT', body: BODY },
      fields.join(' | ').slice(0, 60),
    )
  }
  t.equal((await send(port, ['Range: bytes=99-'])).status, 416)
  t.equal((await send(port, ['If-None-Match: , "x" ,"a"'])).status, 304)
  for (const strict of ['max-age=x', 'min-fresh=-1', 'no-cache="']) {
    const { status, cache } = await send(port, [`Cache-Control: ${strict}`])
    t.same([status, cache], [200, 'MISS'], `${strict}: the strictest reading`)
  }
})

test('malformed fields of origins never make an error, and never make fresh what is not', async (t) => {
  let head: readonly string[] = []
  const origin = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => {
      socket.write(
        ['HTTP/1.1 200 OK', ...head, `Content-Length: ${BODY.length}`, '', BODY].join('\r\n'),
        'latin1',
      )
    })
  })
  await new Promise<void>((listening) => origin.listen(0, '127.0.0.1', listening))
  const app = fastify()
  await app.register(responseCache, {})
  await app.register(httpProxy, {
    upstream: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    config: { responseCache: true },
  } as never)
  const port = await portOf(t, app)
  t.teardown(() => origin.close())
  const cases: readonly (readonly [expected: 'HIT' | 'MISS', ...fields: string[]])[] = [
    ['HIT', 'Cache-Control: max-age=60', 'Date: yesterday', 'Age: -1'],
    ['HIT', 'Cache-Control: ,,max-age=60,,="', 'ETag: "'],
    ['HIT', 'Cache-Control: max-age=60', 'Vary: ,,', 'Last-Modified: 0'],
    ['HIT', 'Cache-Control: max-age=60', '__proto__: x', 'Constructor: y'],
    ['HIT', 'Cache-Control: max-age=60', 'X-Name: \xe9\xff'],
    ['MISS', 'Cache-Control: max-age=x'],
    ['MISS', 'Cache-Control: max-age=60, max-age=61'],
    ['MISS', 'Cache-Control: max-age = 60'],
    ['MISS', 'Expires: 0'],
    ['MISS', 'Expires: -1', 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'],
    ['MISS', 'Cache-Control: max-age=60', 'Age: 99999999999999999999'],
    ['MISS', 'Cache-Control: max-age=60', 'Vary: accept, *'],
    ['MISS', 'Cache-Control: max-age=60', 'Vary: a b'],
    ['MISS', 'Cache-Control: max-age=60', 'Surrogate-Key: t\xe9'],
    ['MISS', `Cache-Control: max-age=60, ${'x,'.repeat(4500)}`],
    ['MISS', 'Cache-Control: max-age=60, private="x'],
  ]
  for (const [at, [expected, ...fields]] of cases.entries()) {
    head = fields
    const target = `/menu/${at}`
    const first = await send(port, [], target)
    t.same(first, { status: 200, cache: 'MISS', body: BODY }, fields.join(' | ').slice(0, 80))
    t.same(await send(port, [], target), { status: 200, cache: expected, body: BODY })
  }
})

function ask(
  session: ClientHttp2Session,
  path: string,
  fields: Record<string, string> = {},
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...fields })
    let headers: IncomingHttpHeaders = {}
    let body = ''
    stream.setEncoding('utf8')
    stream.on('response', (received) => (headers = received))
    stream.on('data', (chunk: string) => (body += chunk))
    stream.on('end', () => resolve({ headers, body }))
    stream.on('error', reject)
    stream.end()
  })
}

test('over HTTP/2: hits, 304, 206, HEAD, validation, coalescing, and purge by an unsafe method', async (t) => {
  const app = fastify({ http2: true }) as unknown as FastifyInstance
  await app.register(responseCache, {})
  let calls = 0
  app.get('/menu', cached({ defaultTtl: 60_000 }), (_request, reply) => {
    calls += 1
    return reply.header('etag', '"a"').type('text/plain').send(`soup ${calls}`)
  })
  app.get('/stale', cached(), (request, reply) => {
    calls += 1
    void reply.header('cache-control', 'max-age=0, stale-if-error=60').header('etag', '"s"')
    return request.headers['if-none-match'] === '"s"' ? reply.code(304).send() : reply.send('kept')
  })
  app.put('/menu', cached(), () => 'done')
  const port = await portOf(t, app)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())

  const many = await Promise.all(Array.from({ length: 20 }, () => ask(session, '/menu')))
  t.same(new Set(many.map(({ body }) => body)), new Set(['soup 1']))
  t.equal(calls, 1)
  const hit = await ask(session, '/menu')
  t.equal(hit.headers['x-cache'], 'HIT')
  t.match(hit.headers['cache-status'], /^sluice; hit; ttl=\d+$/)
  t.equal((await ask(session, '/menu', { 'if-none-match': '"a"' })).headers[':status'], 304)
  const part = await ask(session, '/menu', { range: 'bytes=0-3' })
  t.same([part.headers[':status'], part.body], [206, 'soup'])
  const head = await ask(session, '/menu', { ':method': 'HEAD' })
  t.same([head.headers[':status'], head.headers['x-cache'], head.body], [200, 'HIT', ''])

  await ask(session, '/stale')
  const validated = await ask(session, '/stale')
  t.same([validated.headers['x-cache'], validated.body], ['REVALIDATED', 'kept'])

  await ask(session, '/menu', { ':method': 'PUT' })
  t.equal((await ask(session, '/menu')).headers['x-cache'], 'MISS')
})
