import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2, createSecureServer, createServer as createHttp2Server } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { Agent, request } from 'undici'
import type { UpstreamOptions } from '../../src/index.ts'
import { connect, converse } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import * as certificates from '../tls/certificates.ts'
import { startGateway } from './gateway.ts'

const { ca, client, server: pair } = certificates
const GET = 'GET /a HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as { port: number }).port
}

/** Listens on a unix socket and returns its path. */
async function listenOnSocket(t: Test, server: Server): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'up.sock')
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return path
}

const overTcp = async (t: Test, server: Server, scheme: string): Promise<string> =>
  `${scheme}://127.0.0.1:${await listen(t, server)}`
const overSocket = async (t: Test, server: Server, scheme: string): Promise<string> =>
  `${scheme}+unix://${encodeURIComponent(await listenOnSocket(t, server))}`

type Compatible = (listener: RequestListener) => Server

interface UpstreamKind {
  readonly version: '1.1' | '2.0'
  readonly create: Compatible
  readonly listen: (t: Test, server: Server, scheme: string) => Promise<string>
  readonly scheme: 'http' | 'https'
  readonly options?: Partial<UpstreamOptions>
}

const createH2Server = ((listener) => createSecureServer(pair, listener as never)) as Compatible
const createH2cServer = ((listener) => createHttp2Server(listener as never)) as Compatible
const createHttpsServer: Compatible = (listener) => createTlsServer(pair, listener)

const upstreamKinds: Record<string, UpstreamKind> = {
  'HTTP/1.1': { version: '1.1', create: createServer, listen: overTcp, scheme: 'http' },
  'HTTP/1.1 over TLS': {
    version: '1.1',
    create: createHttpsServer,
    listen: overTcp,
    scheme: 'https',
    options: { tls: { ca } },
  },
  'HTTP/2 over TLS': {
    version: '2.0',
    create: createH2Server,
    listen: overTcp,
    scheme: 'https',
    options: { tls: { ca }, http2: true },
  },
  'HTTP/2 by prior knowledge': {
    version: '2.0',
    create: createH2cServer,
    listen: overTcp,
    scheme: 'http',
    options: { http2: 'prior-knowledge' },
  },
  'HTTP/1.1 on a unix socket': { version: '1.1', create: createServer, listen: overSocket, scheme: 'http' },
  'HTTP/1.1 over TLS on a unix socket': {
    version: '1.1',
    create: createHttpsServer,
    listen: overSocket,
    scheme: 'https',
    options: { tls: { ca } },
  },
  'HTTP/2 over TLS on a unix socket': {
    version: '2.0',
    create: createH2Server,
    listen: overSocket,
    scheme: 'https',
    options: { tls: { ca }, http2: true },
  },
}

const clientKinds: Record<string, { server: object; scheme: string; allowH2: boolean }> = {
  'HTTP/1.1': { server: {}, scheme: 'http', allowH2: false },
  'HTTP/1.1 over TLS': { server: { https: pair }, scheme: 'https', allowH2: false },
  'HTTP/2': { server: { http2: true, https: pair }, scheme: 'https', allowH2: true },
}

for (const [to, kind] of Object.entries(upstreamKinds)) {
  for (const [from, { server, scheme, allowH2 }] of Object.entries(clientKinds)) {
    test(`from ${from} to ${to}`, async (t) => {
      const upstream = kind.create((req, res) => {
        const { httpVersion, method, url, headers } = req
        const seen = { httpVersion, method, url, te: headers.te, type: headers['content-type'], body: '' }
        req.on('data', (chunk) => (seen.body += String(chunk)))
        req.on('end', () => {
          res.writeHead(404, { 'content-type': 'application/json', 'x-my-header': 'hello!' })
          res.end(JSON.stringify(seen))
        })
      })
      const base = await kind.listen(t, upstream, kind.scheme)
      const dispatcher = new Agent({ allowH2, connect: { ca } })
      t.teardown(() => dispatcher.destroy())
      for (const direct of [true, false]) {
        const gateway = await startGateway(t, { to: base, direct, server, upstream: kind.options ?? {} })
        const ask = async (
          method: 'GET' | 'POST' | 'DELETE',
          type?: string,
          body?: string,
        ): Promise<object> => {
          const headers = { te: 'trailers', ...(type !== undefined && { 'content-type': type }) }
          const url = `${scheme}://127.0.0.1:${gateway.port}/a?b=1`
          const answer = await request(url, { method, headers, body: body ?? null, dispatcher })
          t.equal(answer.statusCode, 404)
          t.match(answer.headers, { 'x-my-header': 'hello!', 'content-type': 'application/json' })
          return (await answer.body.json()) as object
        }
        const { version: httpVersion } = kind
        const seen = { httpVersion, url: '/a?b=1', te: 'trailers' }
        t.same(await ask('GET'), { ...seen, method: 'GET', body: '' })
        t.same(await ask('DELETE'), { ...seen, method: 'DELETE', body: '' })
        const type = 'application/json'
        t.same(await ask('POST', type, '{"a":1}'), { ...seen, method: 'POST', type, body: '{"a":1}' })
      }
    })
  }
}

test('a certificate that nobody vouches for is a 502', async (t) => {
  const port = await listen(
    t,
    createTlsServer(pair, (_req, res) => res.end('secret')),
  )
  const gateway = await startGateway(t, { to: `https://127.0.0.1:${port}` })
  const text = await converse(gateway.port, GET)
  t.match(text, /^HTTP\/1.1 502 [^]*SLUICE_UPSTREAM_TLS/)
})

test('with `ca` and a client certificate both sides know each other', async (t) => {
  const server = createTlsServer({ ...pair, ca, requestCert: true, rejectUnauthorized: true }, (req, res) => {
    res.end(`${req.url} for ${String((req.socket as TLSSocket).getPeerCertificate().subject.CN)}`)
  })
  const to = `https://127.0.0.1:${await listen(t, server)}`
  const known = await startGateway(t, { to, upstream: { tls: { ca, ...client } } })
  t.match(await converse(known.port, GET), /^HTTP\/1.1 200 [^]*\r\n\/a for client$/)
  const stranger = await startGateway(t, { to, upstream: { tls: { ca } } })
  t.match(await converse(stranger.port, GET), /^HTTP\/1.1 502 /)
})

test('an upstream of HTTP/2: short bodies, streams, uploads', async (t) => {
  const server = createSecureServer(pair, (req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      res.setHeader('content-type', 'a/b')
      if (req.url === '/stream') {
        res.write('first,')
        setTimeout(() => res.end('second'), 20)
      } else
        res.end(
          `${req.httpVersion} ${req.method} ${Buffer.concat(chunks).length} ${String(req.headers['x-forwarded-for'])}`,
        )
    })
  })
  const gateway = await startGateway(t, {
    to: `https://127.0.0.1:${await listen(t, server)}`,
    upstream: { http2: true, tls: { ca } },
  })
  t.match(await converse(gateway.port, GET), /^HTTP\/1.1 200 [^]*\r\n2.0 GET 0 127.0.0.1/)
  t.match(await converse(gateway.port, GET.replace('/a', '/stream')), /first,[^]*second\r\n0\r\n\r\n$/)
  const upload = `POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`
  t.match(await converse(gateway.port, upload), /2.0 POST 100000 /)
})

test('a client of HTTP/2', async (t) => {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: keep-alive\r\n'
      if (peer.text.includes('/stream')) peer.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
      else peer.write(`${head}Content-Length: 2\r\n\r\nok`)
    })
  })
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url, server: { http2: true, https: pair } as object })
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca })
  t.teardown(() => session.destroy())
  const read = async (path: string, method = 'GET', body?: string): Promise<string> => {
    const stream = session.request({ ':path': path, ':method': method }, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    stream.setEncoding('utf8')
    let text = ''
    for await (const chunk of stream) text += chunk
    return text
  }
  t.equal(await read('/a'), 'ok')
  t.equal(await read('/b', 'POST', 'hello'), 'ok')
  t.match(
    upstream.connections.map(({ text }) => text).join(''),
    /POST \/b HTTP\/1.1\r\n[^]*via: 2 sluice\r\n[^]*hello/,
  )
  const stream = session.request({ ':path': '/stream' })
  await once(stream, 'data')
  stream.close()
  await Promise.any(upstream.connections.map(({ closed }) => closed))
  t.pass('a cancelled stream closes the upstream’s connection')
})

test('huge headers: the client’s are refused, the upstream’s pass up to the pool’s limit', async (t) => {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () =>
      peer.write(
        `HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Long: ${'x'.repeat(14_000)}\r\nContent-Length: 2\r\n\r\nok`,
      ),
    )
  })
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url })
  t.match(await converse(port, GET), /x-long: x{14000}\r\n/)
  const huge = await connect(port)
  huge.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)
  await huge.closed
  t.match(huge.text, /^HTTP\/1.1 431 /)
})
