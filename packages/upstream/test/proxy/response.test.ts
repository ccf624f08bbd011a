import { gzipSync } from 'node:zlib'
import { test, type Test } from 'tap'
import { connect, converse, type Peer } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway, type Gateway, type GatewaySetup } from './gateway.ts'

/** A gateway whose upstream answers each request with `answer`. */
async function answering(
  t: Test,
  answer: string | ((peer: Peer) => void),
  setup: Partial<GatewaySetup> = {},
): Promise<Gateway> {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () => {
      if (!peer.text.includes('\r\n\r\n')) return
      peer.forget()
      if (typeof answer === 'string') peer.write(answer)
      else answer(peer)
    })
  })
  t.teardown(() => upstream.stop())
  return startGateway(t, { to: upstream.url, ...setup })
}

function get(path: string, ...lines: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: gateway', ...lines, '', ''].join('\r\n')
}

function ask(port: number, method = 'GET', ...lines: string[]): Promise<string> {
  return converse(
    port,
    [`${method} / HTTP/1.1`, 'Host: gateway', 'Connection: close', ...lines, '', ''].join('\r\n'),
  )
}

test('a small body of known length reaches onSend hooks as one Buffer', async (t) => {
  const payloads: unknown[] = []
  const { port } = await answering(
    t,
    'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello',
    {
      before: (app) => {
        app.addHook('onSend', async (_request, reply, payload) => {
          payloads.push(payload)
          reply.header('x-seen', reply.getHeader('content-type'))
        })
      },
    },
  )
  const text = await ask(port)
  t.match(text, /x-seen: a\/b/)
  t.ok(text.endsWith('\r\n\r\nhello'))
  t.strictSame(payloads, [Buffer.from('hello')])
})

test('a body that trickles in is gathered when it is short', async (t) => {
  const { port } = await answering(t, (peer) => {
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 6\r\n\r\nabc')
    setImmediate(() => peer.write('def'))
  })
  t.ok((await ask(port)).endsWith('\r\n\r\nabcdef'))
})

test('a chunked body that has arrived whole needs no stream', async (t) => {
  const chunked =
    'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
  const { port } = await answering(t, chunked)
  const text = await ask(port)
  t.match(text, /content-length: 5\r\n/)
  t.notMatch(text, /transfer-encoding/i)
  t.ok(text.endsWith('\r\n\r\nabcde'))
})

test('the head of a stream that is silent at first is not held back', async (t) => {
  let upstream: Peer | undefined
  const { port } = await answering(t, (peer) => {
    upstream = peer
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
  })
  const client = await connect(port)
  client.write(get('/events'))
  t.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 200 OK\r\n/)
  upstream?.write('6\r\nfirst\n\r\n')
  await client.until('6\r\nfirst\n\r\n')
  upstream?.write('7\r\nsecond\n\r\n0\r\n\r\n')
  await client.until('7\r\nsecond\n\r\n0\r\n\r\n')
  client.destroy()
})

test('a response that ends with its connection is chunked towards the client', async (t) => {
  const { port } = await answering(t, (peer) => {
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: close\r\n\r\nabc')
    setTimeout(() => peer.socket.end('def'), 20)
  })
  t.match(await ask(port), /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/i)
})

test('HEAD, 204 and 304 have no body and keep their headers', async (t) => {
  const head = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 123456789\r\n\r\n')
  t.match(await ask(head.port, 'HEAD'), /^HTTP\/1.1 200 OK\r\n[^]*content-length: 123456789\r\n[^]*\r\n\r\n$/)
  const none = await answering(t, 'HTTP/1.1 204 No Content\r\nETag: "a"\r\n\r\n')
  const empty = await ask(none.port)
  t.match(empty, /^HTTP\/1.1 204 No Content\r\n[^]*etag: "a"\r\n[^]*\r\n\r\n$/)
  t.notMatch(empty, /content-length|content-type|transfer-encoding/i)
  const same = await answering(t, 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 10\r\n\r\n')
  t.match(await ask(same.port), /^HTTP\/1.1 304 Not Modified\r\n[^]*etag: "a"\r\n[^]*\r\n\r\n$/)
})

test('an empty body stays empty, and nameless content stays nameless', async (t) => {
  const empty = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const text = await ask(empty.port)
  t.match(text, /content-length: 0\r\n/)
  t.notMatch(text, /content-type/i)
  const nameless = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')
  const body = await ask(nameless.port)
  t.notMatch(body, /content-type/i)
  t.match(body, /content-length: 3\r\n[^]*\r\n\r\nabc$/)
})

test('an encoded body is passed byte by byte', async (t) => {
  const zipped = gzipSync('x'.repeat(1000))
  const { url } = await answering(t, (peer) => {
    peer.write(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`,
    )
    peer.write(zipped)
  })
  const response = await fetch(url)
  t.equal(response.headers.get('content-length'), String(zipped.length))
  t.equal(await response.text(), 'x'.repeat(1000))
})

test('repeated fields, odd case and a status message of its own survive', async (t) => {
  const { port } = await answering(
    t,
    'HTTP/1.1 200 Fine By Me\r\nSET-COOKIE: a=1\r\nset-cookie: b=2\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx',
  )
  const text = await ask(port)
  t.match(text, /^HTTP\/1.1 200 Fine By Me\r\n/)
  t.match(text, /set-cookie: a=1\r\nset-cookie: b=2\r\n/)
  t.match(text, /x-a: 1\r\nx-a: 2\r\n/)
})

test('fields of the upstream’s connection end at the proxy', async (t) => {
  const { port } = await answering(
    t,
    'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=99\r\nProxy-Authenticate: a\r\nUpgrade: h2c\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx',
  )
  const text = await ask(port)
  t.notMatch(text, /x-hop|timeout=99|proxy-authenticate|upgrade/i)
})

test('the client’s connection is kept, whatever the upstream does with its own', async (t) => {
  const { port } = await answering(t, (peer) => {
    peer.socket.end(
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok',
    )
  })
  const client = await connect(port)
  for (let i = 0; i < 3; i++) {
    client.forget()
    client.write(get(`/${i}`))
    t.match(await client.until('\r\n\r\nok'), /connection: keep-alive/i)
  }
  client.destroy()
})

test('trailers pass if the client takes them, in a stream and in a short body', async (t) => {
  const whole =
    'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=1\r\n\r\n'
  const { port } = await answering(t, whole)
  const taken = await ask(port, 'GET', 'TE: trailers')
  t.match(taken, /\r\n\r\n2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n$/i)
  t.notMatch(await ask(port), /x-sum/i)
  const streaming = await answering(t, (peer) => {
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
    setTimeout(() => peer.write('0\r\nX-Sum: 7\r\n\r\n'), 20)
  })
  t.match(await ask(streaming.port, 'GET', 'TE: gzip, trailers'), /\r\n2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n$/i)
  t.match(await ask(streaming.port), /\r\n2\r\nab\r\n0\r\n\r\n$/)
})

test('early hints pass, other interim responses end at the proxy', async (t) => {
  const final = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok'
  const hints = await answering(
    t,
    `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n${final}`,
  )
  t.match(
    await ask(hints.port),
    /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload; as=style\r\n\r\nHTTP\/1.1 200 OK/,
  )
  t.match(await converse(hints.port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200 OK\r\n[^]*ok$/)
  const odd = await answering(
    t,
    `HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${final}`,
  )
  t.match(await ask(odd.port), /^HTTP\/1.1 200 OK\r\n[^]*ok$/)
})

test('a client of HTTP/1.0 gets a body that ends with the connection', async (t) => {
  const { port } = await answering(t, (peer) => {
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    setTimeout(() => peer.write('3\r\ndef\r\n0\r\n\r\n'), 20)
  })
  const text = await converse(port, 'GET / HTTP/1.0\r\nHost: gateway\r\n\r\n')
  t.notMatch(text, /transfer-encoding/i)
  t.ok(text.endsWith('\r\n\r\nabcdef'))
})

test('Location is rewritten by @fastify/http-proxy, and rewriteHeaders is heard', async (t) => {
  const { port } = await answering(
    t,
    'HTTP/1.1 302 Found\r\nLocation: /orders/1\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n',
    {
      prefix: '/shop',
      overrides: {
        rewritePrefix: '/orders',
        replyOptions: {
          rewriteHeaders: (headers: object) => ({ ...headers, 'x-more': String('x-hop' in headers) }),
        },
      },
    },
  )
  const text = await converse(port, get('/shop/1', 'Connection: close'))
  t.match(text, /location: \/shop\/1\r\n/)
  t.match(text, /x-more: false\r\n/)
})

test('onResponse gets a stream however short the body', async (t) => {
  const { port } = await answering(
    t,
    'HTTP/1.1 201 Created\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok',
    {
      overrides: {
        replyOptions: {
          onResponse: (_request: unknown, reply: any, response: any) => {
            reply.header('x-status', response.statusCode)
            reply.send(response.stream)
          },
        },
      },
    },
  )
  t.match(await ask(port), /^HTTP\/1.1 201 Created\r\n[^]*x-status: 201\r\n[^]*\r\n\r\nok$/)
})

test('what an app’s own hook throws is the app’s error, and the upstream’s headers are gone', async (t) => {
  const { port } = await answering(
    t,
    'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Up: 1\r\nContent-Length: 2\r\n\r\nok',
    {
      overrides: {
        replyOptions: {
          rewriteHeaders: () => {
            throw new Error('a bug')
          },
        },
      },
    },
  )
  const text = await ask(port)
  t.match(text, /^HTTP\/1.1 500 /)
  t.notMatch(text, /x-up/i)
})
