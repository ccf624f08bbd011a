/**
 * What `@fastify/reply-from` is tested for: what goes upstream for each request, by the names of its test files.
 * `CONFORMANCE.md` says where the rest of its cases are, and which of them differ here on purpose.
 */
import { test } from 'tap'
import { connect } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway, WAYS } from './gateway.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'
const MULTIPART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'

interface Sent {
  readonly line: string
  readonly fields?: readonly string[]
  readonly body?: string
  /** What the upstream must have seen of it, beside the body as it is. */
  readonly seen: readonly (string | RegExp)[]
  readonly unseen?: readonly RegExp[]
  readonly replyOptions?: object
}

const requests: Record<string, Sent> = {
  'full-get': {
    line: 'GET /hello',
    fields: ['Connection: close'],
    seen: [/^GET \/hello HTTP\/1.1\r\n/, '\r\nconnection: keep-alive\r\n'],
    unseen: [/content-length|close/i],
  },
  'full-querystring': { line: 'GET /hello?a=b&c=d%20e', seen: ['GET /hello?a=b&c=d%20e HTTP/1.1'] },
  'base-querystring': { line: 'GET /?a=b', seen: ['GET /?a=b HTTP/1.1'] },
  'full-querystring-url': { line: 'GET /hi?a=/ho/%2E%2E/hi', seen: ['GET /hi?a=/ho/%2E%2E/hi HTTP/1.1'] },
  'build-url: "..." is no dot segment': {
    line: 'GET /[...all]/%5B...slug%5D/%5B%5B...slug%5D%5D.js',
    seen: ['GET /[...all]/%5B...slug%5D/%5B%5B...slug%5D%5D.js HTTP/1.1'],
  },
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
    fields: ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 24'],
    body: 'some=info&another=detail',
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
  'text-event-stream-custom-parser': {
    line: 'POST /',
    fields: ['Content-Type: text/event-stream', 'Content-Length: 21'],
    body: 'data: 1\nevent: own\n\n\n',
    seen: ['content-type: text/event-stream'],
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
    fields: ['Connection: X-Custom, X-Other', 'X-Custom: a', 'X-Other: b', 'X-Kept: c'],
    seen: ['x-kept: c'],
    unseen: [/x-custom/i, /x-other/i],
  },
  'strip-connection-headers, beside keep-alive': {
    line: 'GET /',
    fields: ['Connection: keep-alive, X-Custom', 'X-Custom: a'],
    seen: [],
    unseen: [/x-custom/i],
  },
  'strip-connection-headers: what the proxy adds stays': {
    line: 'GET /',
    fields: ['Connection: X-Forwarded-By', 'X-Forwarded-By: evil'],
    replyOptions: {
      rewriteRequestHeaders: (_request: unknown, headers: object) => ({
        ...headers,
        'x-forwarded-by': 'fastify-proxy',
      }),
    },
    seen: ['x-forwarded-by: fastify-proxy'],
    unseen: [/evil/],
  },
  'rewrite-request-headers': {
    line: 'GET /',
    replyOptions: {
      rewriteRequestHeaders: (_request: unknown, headers: object) => ({ ...headers, host: 'host-override' }),
    },
    seen: [/\r\nhost: host-override\r\n/i],
  },
  'rewrite-request-headers-type': {
    line: 'GET /mine',
    replyOptions: { rewriteRequestHeaders: ({ url }: { url: string }) => ({ 'x-asked-for': url }) },
    seen: ['x-asked-for: /mine'],
    unseen: [/x-forwarded/],
  },
  'http2-te-header-not-stripped-if-trailing': {
    line: 'GET /',
    fields: ['TE: trailers'],
    seen: [/\r\nte: trailers\r\n/],
  },
  'the same with another coding': { line: 'GET /', fields: ['TE: gzip'], seen: [], unseen: [/\r\nte: /i] },
}

for (const [name, { line, fields = [], body = '', seen, unseen = [], replyOptions }] of Object.entries(
  requests,
)) {
  for (const [by, direct] of WAYS) {
    test(`upstream, ${by}: ${name}`, async (t) => {
      const upstream = await startRawUpstream(
        (peer) => void peer.until('\r\n\r\n').then(() => peer.write(OK)),
      )
      t.teardown(() => upstream.stop())
      const overrides = { replyOptions }
      const client = await connect((await startGateway(t, { to: upstream.url, direct, overrides })).port)
      client.write(`${[`${line} HTTP/1.1`, 'Host: gateway', ...fields].join('\r\n')}\r\n\r\n${body}`)
      t.match(await client.until('\r\n\r\nok'), /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/)
      client.destroy()
      const [peer] = upstream.connections
      const text = (await peer?.until(body)) ?? ''
      for (const part of seen) t.match(text, part)
      for (const part of unseen) t.notMatch(text, part)
      if (body !== '') t.ok(text.endsWith(body))
    })
  }
}
