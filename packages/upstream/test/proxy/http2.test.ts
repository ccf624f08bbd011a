/** What only an upstream of HTTP/2 can do: end a session, come back with another, run out of streams. */
import { once } from 'node:events'
import {
  connect as connectHttp2,
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { test, type Test } from 'tap'
import type { UpstreamOptions } from '../../src/index.ts'
import { hang, until } from '../origin-server.ts'
import { connect, converse } from '../peer.ts'
import { ca, server as pair } from '../tls/certificates.ts'
import { startGateway } from './gateway.ts'

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'
const OK = { ':status': 200, 'content-type': 'a/b' }

interface Http2Upstream {
  readonly url: string
  readonly port: number
  readonly sessions: ServerHttp2Session[]
  readonly streams: ServerHttp2Stream[]
  stop(): Promise<void>
}

interface Kind {
  readonly create: (settings: { maxConcurrentStreams: number }) => Http2Server
  readonly scheme: string
  readonly options: Partial<UpstreamOptions>
}

const kinds: Record<string, Kind> = {
  'over TLS': {
    create: (settings) => createSecureServer({ ...pair, settings }),
    scheme: 'https',
    options: { http2: true, tls: { ca } },
  },
  'by prior knowledge': {
    create: (settings) => createServer({ settings }),
    scheme: 'http',
    options: { http2: 'prior-knowledge' },
  },
}

for (const [how, { create, scheme, options }] of Object.entries(kinds)) {
  async function start(
    t: Test,
    answer: (stream: ServerHttp2Stream) => void,
    { port = 0, maxConcurrentStreams = 100 } = {},
  ): Promise<Http2Upstream> {
    const server = create({ maxConcurrentStreams })
    const sessions: ServerHttp2Session[] = []
    const streams: ServerHttp2Stream[] = []
    server.on('session', (session) => void sessions.push(session))
    server.on('stream', (stream) => {
      streams.push(stream)
      stream.on('error', () => {})
      answer(stream)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address() as { port: number }
    async function stop(): Promise<void> {
      if (!server.listening) return
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    }
    t.teardown(stop)
    return { ...address, url: `${scheme}://127.0.0.1:${address.port}`, sessions, streams, stop }
  }

  const ok = (stream: ServerHttp2Stream): void => {
    stream.respond({ ...OK, 'content-length': 2 })
    stream.end('ok')
  }

  const begin = (stream: ServerHttp2Stream): void => {
    stream.respond(OK)
    stream.write('some of it')
  }

  test(`${how}: after GOAWAY the next request has a session of its own`, async (t) => {
    const upstream = await start(t, ok)
    const { port } = await startGateway(t, { to: upstream.url, upstream: options })
    t.match(await converse(port, GET), /^HTTP\/1.1 200 [^]*ok$/)
    const [session] = upstream.sessions as [ServerHttp2Session]
    session.goaway(0)
    while (upstream.sessions.length < 2) t.match(await converse(port, GET), /^HTTP\/1.1 200 [^]*ok$/)
  })

  test(`${how}: an upstream that goes and comes back, twice`, async (t) => {
    let upstream = await start(t, ok)
    const { port } = await startGateway(t, { to: upstream.url, upstream: options })
    for (let life = 0; life < 2; life++) {
      t.match(await converse(port, GET), /^HTTP\/1.1 200 [^]*ok$/)
      await upstream.stop()
      t.match(await converse(port, GET), /^HTTP\/1.1 502 [^]*SLUICE_UPSTREAM_(?:REFUSED|RESET)/)
      upstream = await start(t, ok, { port: upstream.port })
    }
    t.match(await converse(port, GET), /^HTTP\/1.1 200 [^]*ok$/)
  })

  test(`${how}: streams that clients cancel make room for others`, async (t) => {
    let answer: (stream: ServerHttp2Stream) => void = hang
    const upstream = await start(t, (stream) => answer(stream), { maxConcurrentStreams: 3 })
    const server = { http2: true, https: pair } as object
    const { port } = await startGateway(t, { to: upstream.url, upstream: options, server })
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca })
    t.teardown(() => session.destroy())
    for (let i = 0; i < 20; i++) {
      answer = i % 2 === 0 ? hang : begin
      const request = session.request({ ':path': '/' })
      if (i % 2 === 1) await once(request, 'data')
      await until(() => upstream.streams.length === i + 1, 'the upstream has the request')
      request.close()
      await until(() => upstream.streams.every(({ closed }) => closed), 'the upstream’s stream is cancelled')
    }
    answer = ok
    const last = session.request({ ':path': '/' })
    const [body] = await once(last, 'data')
    t.equal(String(body), 'ok')
  })

  test(`${how}: the deadlines hold`, async (t) => {
    const upstream = await start(t, hang)
    const timeouts = { headersMs: 100, bodyMs: 100 }
    const { port } = await startGateway(t, { to: upstream.url, upstream: { ...options, timeouts } })
    t.match(await converse(port, GET), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_HEADERS_TIMEOUT/)
    const upload = GET.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\nhi')
    t.match(await converse(port, upload), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_HEADERS_TIMEOUT/)
    const halting = await start(t, (stream) => {
      stream.respond({ ...OK, 'content-length': 10 })
      stream.write('abc')
    })
    const within = await startGateway(t, { to: halting.url, upstream: { ...options, timeouts } })
    t.match(await converse(within.port, GET), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_BODY_TIMEOUT/)
  })

  test(`${how}: without deadlines a request waits`, async (t) => {
    const upstream = await start(t, hang)
    const timeouts = { headersMs: 0, bodyMs: 0 }
    const { port } = await startGateway(t, { to: upstream.url, upstream: { ...options, timeouts } })
    const client = await connect(port)
    client.write(GET)
    await until(() => upstream.streams.length === 1, 'the upstream has the request')
    await new Promise((later) => setTimeout(later, 300))
    t.equal(client.text, '')
    for (const stream of upstream.streams) ok(stream)
    await client.until(/^HTTP\/1.1 200 [^]*ok$/)
    client.destroy()
  })
}
