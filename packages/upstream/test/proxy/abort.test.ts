import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { test, type Test } from 'tap'
import type { UpstreamOptions } from '../../src/index.ts'
import { until } from '../origin-server.ts'
import { connect, type Peer } from '../peer.ts'
import { startRawUpstream, type RawUpstream } from '../raw-upstream.ts'
import { startGateway, WAYS, type Gateway } from './gateway.ts'

/** At one time. */
const CONCURRENCY = 10
const ABORTS_A_PHASE = 500

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n'
const UPLOAD = 'POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000000\r\n\r\n'

/** Sends a request and gives the upstream's end of it, when its head is there. */
type Ask = (text: string) => Promise<Peer>

/** How far the request has come when the client leaves. Each brings the pair there. */
const phases: Record<string, (ask: Ask, client: Peer) => Promise<Peer>> = {
  'before the head': (ask) => ask(GET),
  'within a short body': async (ask) => {
    const up = await ask(GET)
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 10\r\n\r\nabc')
    return up
  },
  'within a stream': async (ask, client) => {
    const up = await ask(GET)
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await client.until('abc')
    return up
  },
  'within a stream that it does not read': async (ask, client) => {
    client.socket.pause()
    const up = await ask(GET)
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 100000000\r\n\r\n')
    while (up.write(Buffer.alloc(65_536))) await delay(1)
    return up
  },
  'within an upload': async (ask) => {
    // undici sends the head with the first bytes of the body.
    const up = await ask(`${UPLOAD}some of it`)
    await up.until('some of it')
    return up
  },
}

interface Leaving {
  readonly gateway: Gateway
  readonly upstream: RawUpstream
  /** Comes with a client of its own to the phase, and leaves. */
  readonly leave: (phase: string) => Promise<void>
}

/** A gateway that clients come to and leave, any number at one time: each request is known by its path. */
async function leaving(t: Test, options: Partial<UpstreamOptions> = {}): Promise<Leaving> {
  const arrivals = new EventEmitter()
  const upstream = await startRawUpstream((peer) => {
    // undici makes some connections for which there is no request in the end.
    const head = peer.until('\r\n\r\n').catch(() => '')
    void head.then((text) => arrivals.emit(text.split(' ')[1] ?? '', peer))
  })
  t.teardown(() => upstream.stop())
  const gateway = await startGateway(t, { to: upstream.url, upstream: options })
  let requests = 0
  async function leave(phase: string): Promise<void> {
    const client = await connect(gateway.port)
    const ask: Ask = async (text) => {
      const path = `/${++requests}`
      const arrived = once(arrivals, path)
      client.write(text.replace('/', path))
      return ((await arrived) as [Peer])[0]
    }
    const up = await phases[phase]?.(ask, client)
    client.destroy()
    await up?.closed
  }
  return { gateway, upstream, leave }
}

async function pair(t: Test): Promise<{ gateway: Gateway; upstream: RawUpstream }> {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  return { gateway: await startGateway(t, { to: upstream.url }), upstream }
}

for (const phase of Object.keys(phases)) {
  test(`a client that leaves ${phase} takes the upstream’s connection with it`, async (t) => {
    const { leave } = await leaving(t)
    await leave(phase)
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

test('thousands of aborts in every phase leave nothing behind', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const breaker = createCircuitBreaker({ name: 'orders' })
  const { gateway, upstream, leave } = await leaving(t, { breaker })
  async function round(times: number): Promise<number> {
    for (const phase of Object.keys(phases)) {
      // Filling a socket's buffers takes megabytes; a few will do.
      const count = phase.includes('not read') ? 3 : times
      for (let left = count; left > 0; left -= CONCURRENCY) {
        await Promise.all(Array.from({ length: Math.min(left, CONCURRENCY) }, () => leave(phase)))
      }
      await until(() => breaker.snapshot().inFlight === 0, `each permit is back: ${phase}`)
      const [origin] = gateway.upstream.stats().origins
      t.equal(origin?.active, 0, `no attempt is under way: ${phase}`)
    }
    await settled(() => clients(gateway), 0)
    upstream.forget()
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = await round(50)
  const after = await round(ABORTS_A_PHASE)
  t.ok(after - before < 4_000_000, `${after - before} bytes more`)
  // undici makes a fresh connection for the one it has dropped, before anybody asks; those are kept for the next.
  t.ok(upstream.open() <= CONCURRENCY, `${upstream.open()} open`)
})

async function clients({ app }: Gateway): Promise<number> {
  return new Promise((done) => app.server.getConnections((_error, count) => done(count)))
}

async function settled(read: () => Promise<number>, expected: number): Promise<void> {
  while ((await read()) !== expected) await delay(5)
}

for (const [by, direct] of WAYS) {
  test(`${by}: neither onResponse nor onError hears of a client that has left`, async (t) => {
    const upstream = await startRawUpstream()
    t.teardown(() => upstream.stop())
    let heard = 0
    const replyOptions = { onResponse: () => heard++, onError: () => heard++ }
    const gateway = await startGateway(t, { to: upstream.url, direct, overrides: { replyOptions } })
    const client = await connect(gateway.port)
    client.write(GET)
    const up = await upstream.next()
    await up.until('\r\n\r\n')
    client.destroy()
    await up.closed
    t.equal(heard, 0)
  })
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
