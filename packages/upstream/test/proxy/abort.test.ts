import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test, type Test } from 'tap'
import { connect, type Peer } from '../peer.ts'
import { startRawUpstream, type RawUpstream } from '../raw-upstream.ts'
import { startGateway, type Gateway } from './gateway.ts'

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n'
const UPLOAD = 'POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000000\r\n\r\n'

/** How far the request has come when the client leaves. Each brings the pair there. */
const phases: Record<string, (client: Peer, upstream: RawUpstream) => Promise<Peer>> = {
  'before the head': async (client, upstream) => {
    client.write(GET)
    const up = await upstream.next()
    await up.until('\r\n\r\n')
    return up
  },
  'within a short body': async (client, upstream) => {
    client.write(GET)
    const up = await upstream.next()
    await up.until('\r\n\r\n')
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 10\r\n\r\nabc')
    return up
  },
  'within a stream': async (client, upstream) => {
    client.write(GET)
    const up = await upstream.next()
    await up.until('\r\n\r\n')
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await client.until('abc')
    return up
  },
  'within a stream that it does not read': async (client, upstream) => {
    client.socket.pause()
    client.write(GET)
    const up = await upstream.next()
    await up.until('\r\n\r\n')
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 100000000\r\n\r\n')
    while (up.write(Buffer.alloc(65_536))) await delay(1)
    return up
  },
  'within an upload': async (client, upstream) => {
    client.write(UPLOAD)
    client.write('some of it')
    const up = await upstream.next()
    await up.until('some of it')
    return up
  },
}

async function pair(t: Test): Promise<{ gateway: Gateway; upstream: RawUpstream }> {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  return { gateway: await startGateway(t, { to: upstream.url }), upstream }
}

for (const [phase, reach] of Object.entries(phases)) {
  test(`a client that leaves ${phase} takes the upstream’s connection with it`, async (t) => {
    const { gateway, upstream } = await pair(t)
    const client = await connect(gateway.port)
    const up = await reach(client, upstream)
    client.destroy()
    await up.closed
    t.pass('the connection has been closed')
  })
}

test('a client that leaves while its request waits for a connection is never heard of upstream', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, { to: upstream.url, upstream: { pool: { connections: 1 } } })
  const first = await connect(port)
  first.write(GET)
  const up = await upstream.next()
  await up.until('\r\n\r\n')
  const second = await connect(port)
  second.write('GET /second HTTP/1.1\r\nHost: gateway\r\n\r\n')
  await delay(20)
  second.destroy()
  await delay(20)
  const third = await connect(port)
  third.write('GET /third HTTP/1.1\r\nHost: gateway\r\n\r\n')
  await delay(20)
  up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok')
  await first.until('ok')
  await up.until('GET /third ')
  t.notMatch(up.text, '/second')
  for (const client of [first, third]) client.destroy()
})

test('an upstream that dies within an upload is answered for, and the client’s connection stays in use', async (t) => {
  const { gateway, upstream } = await pair(t)
  const client = await connect(gateway.port)
  client.write('POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000\r\n\r\n')
  client.write('x'.repeat(500))
  const up = await upstream.next()
  await up.until('xxx')
  up.reset()
  await client.until(/^HTTP\/1.1 502 [^]*SLUICE_UPSTREAM_RESET/)
  client.forget()
  client.write('x'.repeat(500))
  client.write(GET)
  const next = await upstream.next()
  await next.until('GET / ')
  next.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok')
  await client.until(/^HTTP\/1.1 200 [^]*ok$/)
  t.notMatch(client.text, 'HTTP/1.1 400')
  client.destroy()
})

test('hundreds of aborts in every phase leave nothing behind', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { gateway, upstream } = await pair(t)
  async function round(times: number): Promise<number> {
    for (const [phase, reach] of Object.entries(phases)) {
      // Filling a socket's buffers takes megabytes; a few will do.
      const count = phase.includes('not read') ? 3 : times
      for (let i = 0; i < count; i++) {
        const client = await connect(gateway.port)
        const up = await reach(client, upstream)
        client.destroy()
        await up.closed
      }
    }
    await settled(() => clients(gateway), 0)
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = await round(20)
  const after = await round(80)
  t.ok(after - before < 4_000_000, `${after - before} bytes more`)
  // undici makes a fresh connection for the one it has dropped, before anybody asks; that one is kept for the next.
  t.ok(upstream.open() <= 1, `${upstream.open()} open`)
})

async function clients({ app }: Gateway): Promise<number> {
  return new Promise((done) => app.server.getConnections((_error, count) => done(count)))
}

async function settled(read: () => Promise<number>, expected: number): Promise<void> {
  while ((await read()) !== expected) await delay(5)
}

test('somebody else’s answer, such as a timeout’s, ends the upstream’s request', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, {
    to: upstream.url,
    before: (app) => {
      app.addHook('preHandler', (_request, reply, done) => {
        void upstream
          .next()
          .then((up) => once(up.socket, 'data').then(() => reply.code(504).send('too late')))
        done()
      })
    },
  })
  const client = await connect(port)
  client.write(GET)
  await client.until('too late')
  await upstream.connections[0]?.closed
  t.match(client.text, /^HTTP\/1.1 504 /)
  client.destroy()
})
