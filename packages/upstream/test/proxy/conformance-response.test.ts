/** What `@fastify/reply-from` is tested for: what comes to the client of each response. See `CONFORMANCE.md`. */
import { Transform, type Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { test } from 'tap'
import { converse, type Peer } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway, WAYS } from './gateway.ts'

/** Answers the first request that comes on a connection; undici makes some of which it has no need yet. */
function answer(peer: Peer, response: string): void {
  peer.socket.once('data', () => {
    peer.write(response)
    if (response.includes('Connection: close')) peer.socket.end()
  })
}

interface Received {
  readonly response: string
  readonly seen: readonly (string | RegExp)[]
  readonly unseen?: readonly RegExp[]
  readonly replyOptions?: object
}

interface Heard {
  readonly statusCode: number
  readonly stream: Readable
}

const HELLO =
  'HTTP/1.1 205 OK\r\nContent-Type: text/plain\r\nX-My-Header: hello!\r\nContent-Length: 11\r\n\r\nhello world'

const responses: Record<string, Received> = {
  'fields, status and body pass': {
    response: HELLO,
    seen: [
      /^HTTP\/1.1 205 /,
      /\r\ncontent-type: text\/plain\r\n/i,
      /\r\nx-my-header: hello!\r\n/i,
      /\r\n\r\nhello world$/,
    ],
  },
  'undici-chaining: bytes beyond ASCII pass as they are': {
    response: `HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="\xe5r.pdf"\r\nX-Utf8: \xe6\xbc\xa2\r\nContent-Length: 0\r\n\r\n`,
    seen: ['content-disposition: attachment; filename="\xe5r.pdf"', 'x-utf8: \xe6\xbc\xa2'],
  },
  'rewrite-headers': {
    response: HELLO,
    replyOptions: {
      rewriteHeaders: (headers: Record<string, string>) => ({
        'content-type': headers['content-type'],
        'x-another-header': 'so headers!',
      }),
    },
    seen: [/^HTTP\/1.1 205 /, /content-type: text\/plain\r\n/, /x-another-header: so headers!\r\n/],
    unseen: [/x-my-header/i],
  },
  'rewrite-headers-type: none are left': {
    response: HELLO,
    replyOptions: {
      rewriteHeaders: (_headers: object, { url }: { url: string }) => ({ 'x-asked-for': url }),
    },
    seen: [/^HTTP\/1.1 205 /, /x-asked-for: \/\r\n/, /hello world/],
    unseen: [/x-my-header/i, /content-type/i],
  },
  'onResponse, transform-body': {
    response: HELLO,
    replyOptions: {
      onResponse: ({ url }: { url: string }, reply: FastifyReply, { statusCode, stream }: Heard) =>
        reply.header('x-heard', `${statusCode} ${url}`).send(stream.pipe(upperCasing())),
    },
    seen: [
      /^HTTP\/1.1 205 /,
      /content-type: text\/plain/,
      /x-my-header: hello!/,
      /x-heard: 205 \/\r\n/,
      /\r\n\r\nHELLO WORLD$/,
    ],
  },
  'several cookies': {
    response: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    seen: [/\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/],
  },
  'a client error is no error': {
    response: 'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone',
    seen: [/^HTTP\/1.1 404 Not Found\r\n[^]*gone$/],
  },
  'http sse removes timeout': {
    response: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n',
    seen: [/\r\ncontent-type: text\/event-stream\r\n[^]*data: 1\n\n/],
  },
  'on-invalid-upstream-response': {
    response: 'HTTP/1.1 888 What\r\nX-Odd: 1\r\nContent-Length: 2\r\n\r\nno',
    seen: [/^HTTP\/1.1 502 [^]*SLUICE_UPSTREAM_PROTOCOL/],
    replyOptions: { onResponse: (_request: unknown, reply: FastifyReply) => reply.send('heard of') },
    unseen: [/x-odd|heard of/i],
  },
  'fields of the connection end': {
    response:
      'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n',
    seen: [/^HTTP\/1.1 200 /],
    unseen: [/x-hop/i, /keep-alive: timeout=5/i],
  },
}

for (const [name, { response, seen, unseen = [], replyOptions }] of Object.entries(responses)) {
  for (const [by, direct] of WAYS) {
    test(`client, ${by}: ${name}`, async (t) => {
      const upstream = await startRawUpstream((peer) => answer(peer, response))
      t.teardown(() => upstream.stop())
      const { port } = await startGateway(t, { to: upstream.url, direct, overrides: { replyOptions } })
      const text = await converse(port, 'GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n')
      for (const part of seen) t.match(text, part)
      for (const part of unseen) t.notMatch(text, part)
    })
  }
}

function upperCasing(): Transform {
  return new Transform({ transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()) })
}
