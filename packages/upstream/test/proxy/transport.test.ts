import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectHttp2, createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
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

test('an upstream of HTTP/2: short bodies, streams, uploads, trailers', async (t) => {
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

test('an upstream on a unix socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'up.sock')
  const server = createServer((req, res) => res.end(`${req.url} by socket`))
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = await startGateway(t, { to: `unix:${path}` })
  t.match(await converse(port, GET), /^HTTP\/1.1 200 [^]*\r\n\/a by socket$/)
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
