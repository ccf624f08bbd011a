import { METHODS } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { test, type Test } from 'tap'
import { Agent } from 'undici'
import { proxyOptions } from '../../src/proxy/proxy-options.ts'
import { connect, converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { startGateway, type Gateway, type GatewaySetup } from './gateway.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok'

/** A gateway, and what its upstream gets to read of one request. */
async function relaying(
  t: Test,
  setup: Partial<GatewaySetup> = {},
): Promise<Gateway & { relay: (text: string) => Promise<string> }> {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () => {
      if (
        /^(?:GET|HEAD|DELETE|[A-Z-]+ [^]*\r\ncontent-length: 0\r)/.test(peer.text) ||
        /END$|\r\n0\r\n\r\n$/.test(peer.text)
      ) {
        peer.write(OK)
      } else if (!/content-length|transfer-encoding/.test(peer.text)) peer.write(OK)
    })
  })
  t.teardown(() => upstream.stop())
  const gateway = await startGateway(t, { to: upstream.url, ...setup })
  return {
    ...gateway,
    async relay(text) {
      const seen = upstream.connections.map((peer) => peer.text.length)
      const answer = await converse(gateway.port, text.replaceAll('\n', '\r\n'))
      t.match(answer, /^HTTP\/1.1 200 /m)
      return upstream.connections.map((peer, i) => peer.text.slice(seen[i] ?? 0)).join('')
    },
  }
}

function get(...lines: string[]): string {
  return ['GET / HTTP/1.1', 'Host: shop.example:81', 'Connection: close', ...lines, '', ''].join('\n')
}

test('the path and the query go out as they came in, behind the rewritten prefix', async (t) => {
  const { relay } = await relaying(t, { prefix: '/shop', overrides: { rewritePrefix: '/v1' } })
  const target = '/shop/caf%C3%A9/a+b%20c/%2Fx;y=1/...?b=2&a=%00&b=1&&c'
  const sent = await relay(`GET ${target} HTTP/1.1\nHost: a\nConnection: close\n\n`)
  t.match(sent, 'GET /v1/caf%C3%A9/a+b%20c/%2Fx;y=1/...?b=2&a=%00&b=1&&c HTTP/1.1\r\n')
})

test('the host is the upstream’s, and the client’s is told beside', async (t) => {
  const { relay, port } = await relaying(t)
  const sent = await relay(
    get(
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Prefix: /x',
      'X-Real-IP: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'Via: 1.1 evil',
      'X_Forwarded_For: 6.6.6.6',
    ),
  )
  t.match(sent, /\r\nhost: 127\.0\.0\.1:\d+\r\n/)
  t.match(sent, '\r\nx-forwarded-for: 127.0.0.1\r\n')
  t.match(sent, '\r\nx-forwarded-host: shop.example:81\r\n')
  t.match(sent, '\r\nx-forwarded-proto: http\r\n')
  t.match(sent, `\r\nx-forwarded-port: ${port}\r\n`)
  t.match(sent, '\r\nforwarded: for=127.0.0.1;host="shop.example:81";proto=http\r\n')
  t.match(sent, '\r\nvia: 1.1 sluice\r\n')
  t.notMatch(sent, /6\.6\.6\.6|evil|prefix|real-ip/i)
})

test('what a trusted proxy says of earlier hops is kept, as far as it is trusted', async (t) => {
  const { relay } = await relaying(t, { server: { trustProxy: ['127.0.0.1', '10.0.0.2'] } })
  const sent = await relay(
    get(
      'X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.2',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: www.example',
      'X-Forwarded-Port: 443',
      'Forwarded: for=1.2.3.4',
      'Via: 1.1 edge',
    ),
  )
  t.match(sent, '\r\nx-forwarded-for: 1.2.3.4, 10.0.0.2, 127.0.0.1\r\n')
  t.match(sent, '\r\nx-forwarded-proto: https\r\n')
  t.match(sent, '\r\nx-forwarded-host: www.example\r\n')
  t.match(sent, '\r\nx-forwarded-port: 443\r\n')
  t.match(sent, '\r\nforwarded: for=1.2.3.4, for=127.0.0.1;host="www.example";proto=https\r\n')
  t.match(sent, '\r\nvia: 1.1 edge, 1.1 sluice\r\n')
})

test('hop-by-hop fields end here, those that Connection names too', async (t) => {
  const { relay } = await relaying(t)
  const sent = await relay(
    'GET / HTTP/1.1\nHost: a\nConnection: close, X-Hop, X-Request-Id, via\nX-Hop: 1\nKeep-Alive: timeout=1\nProxy-Authorization: a\nProxy-Connection: a\nTE: gzip\nTrailer: a\nUpgrade: h2c\nHTTP2-Settings: a\nX-Stays: 1\n\n',
  )
  t.notMatch(sent, /x-hop|timeout|proxy|\r\nte:|trailer|upgrade|http2/i)
  t.match(sent, /x-stays: 1\r\n/)
  t.match(sent, /x-request-id: req-/)
  t.match(sent, /via: 1.1 sluice\r\n/)
  t.match(await relay(get('TE: gzip, trailers')), /\r\nte: trailers\r\n/)
})

test('the proxy vouches for an identity: a client can neither forge nor remove it', async (t) => {
  const { relay } = await relaying(t, {
    overrides: {
      stripHeaders: ['X-API-Key', 'X-Consumer-Id'],
      requestHeaders: (request) => ({
        'x-consumer-id': request.headers['x-api-key'] === 'k' ? 'alice' : undefined,
        'x-plan': undefined,
      }),
    },
  })
  const known = await relay(
    'GET / HTTP/1.1\nHost: a\nConnection: close, X-Consumer-Id\nX-API-Key: k\nX-Consumer-Id: mallory\nX_Consumer-Id: mallory\nX-Plan: gold\n\n',
  )
  t.match(known, '\r\nx-consumer-id: alice\r\n')
  t.notMatch(known, /mallory|api-key|plan/i)
  t.notMatch(await relay(get('X-Consumer-Id: mallory')), /consumer/i)
})

test('rewriteRequestHeaders of replyOptions has the last word', async (t) => {
  const { relay } = await relaying(t, {
    overrides: {
      replyOptions: {
        rewriteRequestHeaders: (_request: unknown, headers: object) => ({ ...headers, via: 'me' }),
      },
    },
  })
  t.match(await relay(get()), '\r\nvia: me\r\n')
})

test('a valid trace goes on, an invalid or absent one starts anew', async (t) => {
  const { relay } = await relaying(t)
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  const kept = await relay(get(`traceparent: ${parent}`, 'tracestate: a=1'))
  t.match(kept, `\r\ntraceparent: ${parent}\r\n`)
  t.match(kept, '\r\ntracestate: a=1\r\n')
  const fresh = /\r\ntraceparent: 00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01\r\n/
  const replaced = await relay(
    get(`traceparent: 00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'tracestate: a=1'),
  )
  t.match(replaced, fresh)
  t.notMatch(replaced, /tracestate/)
  t.match(await relay(get()), fresh)
})

test('the request id goes with it', async (t) => {
  const { relay } = await relaying(t, { server: { requestIdHeader: 'x-request-id' } })
  t.match(await relay(get('X-Request-Id: abc-1')), '\r\nx-request-id: abc-1\r\n')
})

test('a body keeps its framing', async (t) => {
  const { relay } = await relaying(t)
  const sized = await relay(
    'POST / HTTP/1.1\nHost: a\nConnection: close\nContent-Type: text/plain\nContent-Length: 6\n\nabcEND',
  )
  t.match(sized, /\r\ncontent-length: 6\r\n\r\nabcEND$/)
  const chunked = await relay(
    'POST / HTTP/1.1\nHost: a\nConnection: close\nTransfer-Encoding: chunked\n\n3\nabc\n2\nde\n0\n\n',
  )
  t.match(chunked, /\r\ntransfer-encoding: chunked\r\n\r\n[^]*abc[^]*de\r\n0\r\n\r\n$/)
  t.notMatch(chunked, /content-length/)
  const empty = await relay('POST / HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 0\n\n')
  t.match(empty, /\r\ncontent-length: 0\r\n\r\n$/)
  const none = await relay(get())
  t.notMatch(none, /content-length|transfer-encoding/)
  const search = await relay(
    'GET / HTTP/1.1\nHost: a\nConnection: close\nContent-Type: application/json\nContent-Length: 5\n\n{}END',
  )
  t.match(search, /\r\ncontent-length: 5\r\n\r\n{}END$/)
})

test('Expect: 100-continue is answered here and goes no further', async (t) => {
  const { port } = await relaying(t)
  const client = await connect(port)
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
  await client.until('HTTP/1.1 100 Continue\r\n\r\n')
  client.write('END')
  await client.until(/HTTP\/1.1 200 OK\r\n[^]*ok$/)
  client.destroy()
})

test('every method that Node parses is forwarded', async (t) => {
  const { relay } = await relaying(t)
  for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
    // RFC 10008 §2: QUERY without a content type is an error.
    const sent = await relay(`${method} / HTTP/1.1\nHost: a\nConnection: close\nContent-Type: a/b\n\n`)
    t.ok(sent.startsWith(`${method} / HTTP/1.1\r\n`), method)
  }
})

test('a body that the app has parsed is written again', async (t) => {
  const gateway = await plainProxy(t)
  t.match(await gateway('text/plain', 'plainEND'), /content-length: 8\r\n\r\nplainEND$/)
  t.match(await gateway('application/json', '{"a": "END"}'), /content-length: 11\r\n\r\n{"a":"END"}$/)
  const text = '"{\\"a\\":\\"END\\"}"'
  t.ok(
    (await gateway('application/json ; charset=utf-8', text)).endsWith(`\r\n\r\n${text}`),
    'a string stays one',
  )
  t.match(await gateway('application/x-stream', 'streamEND'), /content-length: 9\r\n\r\nstreamEND$/)
  t.match(await gateway('multipart/form-data; boundary=b', '--b END'), /content-length: 7\r\n\r\n--b END$/)
  t.match(await gateway('application/x-new', 'old'), /content-length: 7\r\n\r\nnew END$/)
})

test('a body that the app has taken and that cannot be written again is refused', async (t) => {
  const gateway = await plainProxy(t)
  t.match(await gateway('application/x-list', 'a=END'), /^HTTP\/1.1 500 [^]*SLUICE_PARSED_BODY/)
  t.match(await gateway('application/x-read', 'a=END'), /^HTTP\/1.1 500 [^]*SLUICE_PARSED_BODY/)
})

/** `@fastify/http-proxy` without `passThrough`, in an app that parses bodies. */
async function plainProxy(t: Test): Promise<(type: string, body: string) => Promise<string>> {
  const upstream = await startRawUpstream((peer) =>
    peer.socket.on('data', () => peer.text.includes('END') && peer.write(OK)),
  )
  t.teardown(() => upstream.stop())
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  const app = fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.addContentTypeParser('application/x-list', { parseAs: 'string' }, (_request, body, done) =>
    done(null, { body }),
  )
  app.addContentTypeParser(['application/x-stream', 'application/x-new'], (_request, payload, done) =>
    done(null, payload),
  )
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
  app.addContentTypeParser(
    'application/x-read',
    async (_request: unknown, payload: AsyncIterable<Buffer>) => {
      for await (const _chunk of payload);
    },
  )
  app.addHook('preHandler', async (request) => {
    if (request.mediaType === 'application/x-new') request.body = Buffer.from('new END')
  })
  const options = proxyOptions({ name: 'orders', dispatcher, base: upstream.url }, { proxyPayloads: false })
  await app.register(httpProxy, { ...options })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  return async (type, body) => {
    const answer = await converse(
      port,
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    return answer.includes(' 200 OK') ? (upstream.connections.at(-1)?.text ?? '') : answer
  }
}

test('a transfer coding besides chunked is refused', async (t) => {
  const { port } = await relaying(t)
  const text = await converse(
    port,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  )
  t.match(text, /^HTTP\/1.1 501 [^]*SLUICE_TRANSFER_CODING/)
})

test('requests without a socket or a host, by `inject` and of HTTP/1.0', async (t) => {
  const { app, relay } = await relaying(t)
  const answer = await app.inject('/a')
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, 'ok')
  const sent = await relay('GET /b HTTP/1.0\n\n')
  t.match(sent, '\r\nforwarded: for=127.0.0.1;proto=http\r\n')
  t.match(sent, '\r\nvia: 1.0 sluice\r\n')
  t.notMatch(sent, 'x-forwarded-host')
})
