import fc from 'fast-check'
import { equal, ok } from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { FormData, type Dispatcher } from 'undici'
import { toHttp1Request } from '../../src/http1/request.ts'
import { createUpstream } from '../../src/index.ts'
import { startOrigin } from '../origin-server.ts'

type Options = Partial<Dispatcher.DispatchOptions> | Record<string, unknown>

function head(options: Options): string {
  return toHttp1Request({ method: 'GET', path: '/', ...options }, 'origin:80').head
}

test('the head says how the request is framed, and nothing twice', async (t) => {
  const start = 'HTTP/1.1\r\nhost: origin:80\r\n'
  const kept = 'connection: keep-alive\r\n'
  const cases: [Options, string][] = [
    [{}, `GET / ${start}${kept}\r\n`],
    [{ headers: { 'content-length': '0' } }, `GET / ${start}${kept}\r\n`],
    [{ method: 'POST' }, `POST / ${start}${kept}content-length: 0\r\n\r\n`],
    [{ method: 'PUT', body: '' }, `PUT / ${start}${kept}content-length: 0\r\n\r\n`],
    [{ method: 'DELETE', body: 'é' }, `DELETE / ${start}${kept}content-length: 2\r\n\r\n`],
    [
      { method: 'PUT', body: Readable.from(['x']) },
      `PUT / ${start}${kept}transfer-encoding: chunked\r\n\r\n`,
    ],
    [
      { method: 'PUT', body: Readable.from(['x']), headers: { 'Content-Length': 1 } },
      `PUT / ${start}${kept}content-length: 1\r\n\r\n`,
    ],
    [{ method: 'HEAD' }, `HEAD / ${start}connection: close\r\n\r\n`],
    [{ reset: true }, `GET / ${start}connection: close\r\n\r\n`],
    [{ headers: { connection: 'x, Close' } }, `GET / ${start}connection: close\r\n\r\n`],
    [{ headers: { connection: 'keep-alive' } }, `GET / ${start}${kept}\r\n`],
    [{ headers: { Host: 'shop' } }, `GET / HTTP/1.1\r\nhost: shop\r\n${kept}\r\n`],
    [
      { headers: { a: ['1', '2'], b: null, c: undefined, d: 7 } },
      `GET / ${start}a: 1\r\na: 2\r\nb: \r\nd: 7\r\n${kept}\r\n`,
    ],
    [{ headers: ['a', '1', 'b', '2'] }, `GET / ${start}a: 1\r\nb: 2\r\n${kept}\r\n`],
    [{ headers: new Map([['a', '1']]) }, `GET / ${start}a: 1\r\n${kept}\r\n`],
    [{ headers: { constructor: 'x' } }, `GET / ${start}constructor: x\r\n${kept}\r\n`],
    [{ query: { a: 1, b: ['x y', 'é'] } }, `GET /?a=1&b=x%20y&b=%C3%A9 ${start}${kept}\r\n`],
    [{ upgrade: 'websocket' }, `GET / ${start}connection: upgrade\r\nupgrade: websocket\r\n\r\n`],
    [{ method: 'CONNECT', path: 'a:1' }, `CONNECT a:1 ${start}${kept}\r\n`],
  ]
  for (const [options, expected] of cases) t.equal(head(options), expected, JSON.stringify(options))
})

test('what HTTP/1 cannot say is refused', async (t) => {
  const refused: Options[] = [
    { method: 'GET /x' },
    { method: '' },
    { path: 'x' },
    { path: '*' },
    { path: '/a b' },
    { path: '/a\r\nb' },
    { path: '/é'.normalize('NFD') },
    { path: '/?a', query: { b: 1 } },
    { headers: { 'a b': 'c' } },
    { headers: { '': 'c' } },
    { headers: { a: 'b\r\nc: d' } },
    { headers: { a: ['b', 'c\n'] } },
    { headers: { a: '\u{100}' } },
    { headers: { a: {} } },
    { headers: { a: () => 'b' } },
    { headers: ['a'] },
    { headers: { host: 'a', Host: 'b' } },
    { headers: { 'content-length': '1', 'Content-Length': '1' } },
    { headers: { 'content-length': '-1' } },
    { headers: { 'content-length': ['1', '2'] } },
    { headers: { 'transfer-encoding': 'chunked' } },
    { headers: { 'Keep-Alive': 'timeout=5' } },
    { headers: { upgrade: 'h2c' } },
    { upgrade: 'a\r\nb' },
    { body: 7 },
    { body: {} },
  ]
  for (const options of refused) {
    t.throws(() => head(options), { code: 'UND_ERR_INVALID_ARG' }, JSON.stringify(options))
  }
  t.throws(() => head({ headers: { expect: '100-continue' } }), { code: 'UND_ERR_NOT_SUPPORTED' })
  for (const options of [
    { headers: { 'content-length': '3' } },
    { method: 'PUT', body: 'ab', headers: { 'content-length': '3' } },
  ]) {
    t.throws(() => head(options), { code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
  }
})

test('no option becomes a second line, or a second request', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('\r\n', 'a\r\nb: c', '\n', '\0', ' ', 'GET / HTTP/1.1\r\n\r\n'),
  )
  fc.assert(
    fc.property(text, text, text, text, (method, path, name, value) => {
      let lines: string[]
      try {
        lines = head({ method, path: `/${path}`, headers: { [name]: value } }).split('\r\n')
      } catch (error) {
        ok(String((error as NodeJS.ErrnoException).code).startsWith('UND_ERR_'))
        return
      }
      ok(lines.length >= 5 && lines.length <= 6)
      ok(lines.every((line) => !/[\r\n\0]/.test(line)))
      equal(lines[0], `${method} /${path} HTTP/1.1`)
    }),
    { numRuns: 300 },
  )
})

test('every kind of body that undici takes arrives', async (t) => {
  const origin = await startOrigin(t, (request, response) => {
    const type = request.headers['content-type']
    if (type !== undefined) response.setHeader('content-type', type)
    request.pipe(response)
  })
  const upstream = createUpstream({ name: 'echo', origins: origin.url })
  t.teardown(() => upstream.close())
  const form = new FormData()
  form.set('name', 'value')
  const bodies: [body: unknown, expected: string | RegExp, type?: string | RegExp][] = [
    ['text', 'text'],
    [Buffer.from('bytes'), 'bytes'],
    [new Uint8Array([0x61, 0x62]).subarray(1), 'b'],
    [new Uint8Array([0x61, 0x62]).buffer, 'ab'],
    [Readable.from(['a', Buffer.from('b'), '']), 'ab'],
    [['a', 'b'], 'ab'],
    [
      (async function* () {
        yield 'later'
      })(),
      'later',
    ],
    [new Blob(['blob'], { type: 'text/x' }), 'blob', 'text/x'],
    [form, /name="name"\r\n\r\nvalue\r\n/, /^multipart\/form-data; boundary=/],
  ]
  for (const [body, expected, type] of bodies) {
    const sent = { method: 'POST', path: '/', body } as unknown as Dispatcher.RequestOptions
    const answer = await upstream.dispatcher.request({ ...sent, origin: 'http://any' })
    t.match(await answer.body.text(), expected)
    if (type !== undefined) t.match(answer.headers['content-type'], type)
  }
  t.equal(origin.connections, 1, 'each left the connection as it was')
})

test('a body that is not as long as it was said to be ends its request', async (t) => {
  const origin = await startOrigin(
    t,
    (request, response) => void request.resume().on('end', () => response.end()),
  )
  const upstream = createUpstream({ name: 'strict', origins: origin.url })
  t.teardown(() => upstream.close())
  for (const [length, pieces] of [
    [3, ['ab']],
    [3, ['ab', 'cd']],
  ] as const) {
    await t.rejects(
      upstream.dispatcher.request({
        origin: 'http://any',
        method: 'POST',
        path: '/',
        headers: { 'content-length': String(length) },
        body: Readable.from(pieces),
      }),
      { code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' },
    )
  }
  t.equal(upstream.stats().origins[0]?.failures, 0, 'which is not the origin’s fault')
})
