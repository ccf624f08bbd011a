/**
 * What `@fastify/reply-from` is tested for, in tables: what goes upstream for each request, and to the client for each
 * response. `CONFORMANCE.md` says where the rest of its cases are, and which of them differ here on purpose.
 */
import { test } from 'tap'
import { converse, type Peer } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'
const MULTIPART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'

/** Answers the first request that comes on a connection; undici makes some of which it has no need yet. */
function answer(peer: Peer, response: string): void {
  peer.socket.once('data', () => {
    peer.write(response)
    if (response.includes('Connection: close')) peer.socket.end()
  })
}

interface Sent {
  readonly line: string
  readonly fields?: readonly string[]
  readonly body?: string
  /** What the upstream must have seen of it, beside the body as it is. */
  readonly seen: readonly (string | RegExp)[]
  readonly unseen?: readonly RegExp[]
}

const requests: Record<string, Sent> = {
  'full-get': { line: 'GET /hello', seen: [/^GET \/hello HTTP\/1.1\r\n/], unseen: [/content-length/i] },
  'full-querystring': { line: 'GET /hello?a=b&c=d%20e', seen: ['GET /hello?a=b&c=d%20e HTTP/1.1'] },
  'base-querystring': { line: 'GET /?a=b', seen: ['GET /?a=b HTTP/1.1'] },
  'build-url: "..." is no dot segment': { line: 'GET /[...all]', seen: ['GET /[...all] HTTP/1.1'] },
  'host-header': {
    line: 'GET /',
    seen: [/\r\nhost: 127.0.0.1:\d+\r\n/i, /\r\nx-forwarded-host: gateway\r\n/],
  },
  'full-post': {
    line: 'POST /',
    fields: ['Content-Type: application/json', 'Content-Length: 17'],
    body: '{"hello":"world"}',
    seen: [/\r\ncontent-type: application\/json\r\n/, /\r\ncontent-length: 17\r\n/],
  },
  'padded-body': {
    line: 'POST /',
    fields: ['Content-Type: application/json', 'Content-Length: 22'],
    body: '{\n  "hello": "world"\n}',
    seen: [/\r\ncontent-length: 22\r\n/],
  },
  'full-post-extended-content-type, fix-GHSA-v2v2-hph8-q5xp': {
    line: 'POST /',
    fields: ['Content-Type: application/json ; charset=utf-8', 'Content-Length: 8'],
    body: '"{\\"a\\""',
    seen: ['content-type: application/json ; charset=utf-8'],
  },
  'post-formbody': {
    line: 'POST /',
    fields: ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 23'],
    body: 'some=info&another=detail'.slice(0, 23),
    seen: ['content-type: application/x-www-form-urlencoded'],
  },
  'post-plain-text': {
    line: 'POST /',
    fields: ['Content-Type: text/plain', 'Content-Length: 11'],
    body: 'lorem ipsum',
    seen: ['content-type: text/plain'],
  },
  'post-with-octet-stream': {
    line: 'POST /',
    fields: ['Content-Type: application/octet-stream', 'Content-Length: 4'],
    body: '\x00\xff\x01\xfe',
    seen: ['content-type: application/octet-stream'],
  },
  'post-with-custom-encoded-contenttype': {
    line: 'POST /',
    fields: ['Content-Type: application/vnd.api+json', 'Content-Length: 2'],
    body: '{}',
    seen: ['content-type: application/vnd.api+json'],
  },
  'multipart-custom-parser, fastify-multipart-incompatibility': {
    line: 'POST /',
    fields: ['Content-Type: multipart/form-data; boundary=b', `Content-Length: ${MULTIPART.length}`],
    body: MULTIPART,
    seen: ['content-type: multipart/form-data; boundary=b'],
  },
  'full-post-stream': {
    line: 'POST /',
    fields: ['Transfer-Encoding: chunked'],
    body: '5\r\nhello\r\n0\r\n\r\n',
    seen: [/\r\ntransfer-encoding: chunked\r\n/i],
    unseen: [/content-length/i],
  },
  'a POST without a body': {
    line: 'POST /',
    fields: ['Content-Length: 0'],
    seen: [/\r\ncontent-length: 0\r\n/],
  },
  'a DELETE with a body': {
    line: 'DELETE /1',
    fields: ['Content-Length: 2'],
    body: '{}',
    seen: ['DELETE /1 HTTP/1.1', /\r\ncontent-length: 2\r\n/],
  },
  'strip-connection-headers': {
    line: 'GET /',
    fields: ['Connection: close, X-Custom, X-Other', 'X-Custom: a', 'X-Other: b', 'X-Kept: c'],
    seen: ['x-kept: c'],
    unseen: [/x-custom/i, /x-other/i],
  },
  'http2-te-header-not-stripped-if-trailing': {
    line: 'GET /',
    fields: ['TE: trailers'],
    seen: [/\r\nte: trailers\r\n/],
  },
  'the same with another coding': { line: 'GET /', fields: ['TE: gzip'], seen: [], unseen: [/\r\nte: /i] },
}

for (const [name, { line, fields = [], body = '', seen, unseen = [] }] of Object.entries(requests)) {
  for (const direct of [true, false]) {
    test(`upstream, ${direct ? 'directProxy' : '@fastify/http-proxy'}: ${name}`, async (t) => {
      const upstream = await startRawUpstream(
        (peer) => void peer.until('\r\n\r\n').then(() => peer.write(OK)),
      )
      t.teardown(() => upstream.stop())
      const { port } = await startGateway(t, { to: upstream.url, direct })
      const closing = fields.some((field) => field.startsWith('Connection:')) ? [] : ['Connection: close']
      const head = [`${line} HTTP/1.1`, 'Host: gateway', ...fields, ...closing].join('\r\n')
      t.match(await converse(port, `${head}\r\n\r\n${body}`), /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/)
      const text = upstream.connections[0]?.text ?? ''
      for (const part of seen) t.match(text, part)
      for (const part of unseen) t.notMatch(text, part)
      if (body !== '') t.ok(text.endsWith(body))
    })
  }
}

interface Received {
  readonly response: string
  readonly seen: readonly (string | RegExp)[]
  readonly unseen?: readonly RegExp[]
}

const responses: Record<string, Received> = {
  'fields and status pass': {
    response:
      'HTTP/1.1 205 OK\r\nContent-Type: text/plain\r\nX-My-Header: hello!\r\nContent-Length: 0\r\n\r\n',
    seen: [/^HTTP\/1.1 205 /, /\r\nx-my-header: hello!\r\n/i],
  },
  'several cookies': {
    response: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    seen: [/\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/],
  },
  'a client error is no error': {
    response: 'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone',
    seen: [/^HTTP\/1.1 404 Not Found\r\n[^]*gone$/],
  },
  'text-event-stream-custom-parser': {
    response: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n',
    seen: [/\r\ncontent-type: text\/event-stream\r\n[^]*data: 1\n\n/],
  },
  'on-invalid-upstream-response': {
    response: 'HTTP/1.1 888 What\r\nX-Odd: 1\r\nContent-Length: 2\r\n\r\nno',
    seen: [/^HTTP\/1.1 502 [^]*SLUICE_UPSTREAM_PROTOCOL/],
    unseen: [/x-odd/i],
  },
  'fields of the connection end': {
    response:
      'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n',
    seen: [/^HTTP\/1.1 200 /],
    unseen: [/x-hop/i, /keep-alive: timeout=5/i],
  },
}

for (const [name, { response, seen, unseen = [] }] of Object.entries(responses)) {
  test(`client: ${name}`, async (t) => {
    const upstream = await startRawUpstream((peer) => answer(peer, response))
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, { to: upstream.url })
    const text = await converse(port, 'GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n')
    for (const part of seen) t.match(text, part)
    for (const part of unseen) t.notMatch(text, part)
  })
}
