import { once } from 'node:events'
import { test } from 'tap'
import { Agent, Dispatcher } from 'undici'
import { freePort } from '../../../../test/redis.ts'
import { connect, converse, type Peer } from '../peer.ts'
import { startRawUpstream, type RawUpstream } from '../raw-upstream.ts'
import { startGateway } from './gateway.ts'

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'

function answerOnce(answer: (peer: Peer) => void): Promise<RawUpstream> {
  return startRawUpstream((peer) => void once(peer.socket, 'data').then(() => answer(peer)))
}

/** Before the head is out, whatever the upstream does wrong is a 502, and its connection is dropped. */
const faults: Record<string, [code: string, answer: (peer: Peer) => void]> = {
  'closes without a word': ['SLUICE_UPSTREAM_RESET', (peer) => peer.socket.end()],
  resets: ['SLUICE_UPSTREAM_RESET', (peer) => peer.reset()],
  'answers garbage': ['SLUICE_UPSTREAM_PROTOCOL', (peer) => peer.write('\0\x01\x02 not http\r\n\r\n')],
  'answers with a status out of range': [
    'SLUICE_UPSTREAM_PROTOCOL',
    (peer) => peer.write('HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n'),
  ],
  'switches protocols unasked': [
    'SLUICE_UPSTREAM_RESET',
    (peer) => peer.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  ],
  'sends headers without end': [
    'SLUICE_UPSTREAM_PROTOCOL',
    (peer) => peer.write(`HTTP/1.1 200 OK\r\n${`X-Long: ${'x'.repeat(1000)}\r\n`.repeat(40)}`),
  ],
  'has two lengths': [
    'SLUICE_UPSTREAM_PROTOCOL',
    (peer) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
  ],
  'promises more of a short body than it sends': [
    'SLUICE_UPSTREAM_RESET',
    (peer) =>
      peer.socket.end('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Up: 1\r\nContent-Length: 10\r\n\r\nabc'),
  ],
}

for (const [name, [code, answer]] of Object.entries(faults)) {
  test(`an upstream that ${name}`, async (t) => {
    const upstream = await answerOnce(answer)
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, { to: upstream.url })
    const text = await converse(port, GET)
    t.match(text, /^HTTP\/1.1 502 Bad Gateway\r\n/)
    t.match(text, `"code":"${code}"`)
    t.notMatch(text, /x-up|content-encoding/i)
    await upstream.connections[0]?.closed
  })
}

test('an upstream that cannot be reached', async (t) => {
  const { port } = await startGateway(t, { to: `http://127.0.0.1:${await freePort()}` })
  t.match(await converse(port, GET), /^HTTP\/1.1 502 [^]*"code":"SLUICE_UPSTREAM_REFUSED"/)
  const nowhere = await startGateway(t, { to: 'http://no-such-host.invalid' })
  t.match(await converse(nowhere.port, GET), /^HTTP\/1.1 502 [^]*"code":"SLUICE_UPSTREAM_DNS"/)
})

test('an upstream that is silent, before and within a short body', async (t) => {
  const dispatcher = new Agent({ headersTimeout: 100, bodyTimeout: 100 })
  const silent = await startRawUpstream()
  t.teardown(() => silent.stop())
  const before = await startGateway(t, { to: silent.url, dispatcher })
  t.match(await converse(before.port, GET), /^HTTP\/1.1 504 [^]*"code":"SLUICE_UPSTREAM_HEADERS_TIMEOUT"/)
  const slow = await answerOnce((peer) =>
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\nabc'),
  )
  t.teardown(() => slow.stop())
  const within = await startGateway(t, { to: slow.url, dispatcher })
  t.match(await converse(within.port, GET), /^HTTP\/1.1 504 [^]*"code":"SLUICE_UPSTREAM_BODY_TIMEOUT"/)
})

test('a stream that breaks off is no clean end for the client', async (t) => {
  const heads = ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'Content-Length: 1000000\r\n\r\nabc']
  for (const head of heads) {
    let up: Peer | undefined
    const upstream = await answerOnce((peer) => {
      up = peer
      peer.write(`HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n${head}`)
    })
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, { to: upstream.url })
    const client = await connect(port)
    client.write('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')
    await client.until('abc')
    up?.reset()
    await client.closed
    t.notOk(client.text.endsWith('0\r\n\r\n'))
  }
})

test('the app’s error handler renders the error, with Retry-After where the error knows it', async (t) => {
  class Rejecting extends Dispatcher {
    override dispatch(): boolean {
      throw Object.assign(new Error('open'), {
        code: 'SLUICE_BREAKER_OPEN',
        statusCode: 503,
        retryAfterMs: 1500,
      })
    }
    override async destroy(): Promise<void> {}
  }
  const { port } = await startGateway(t, {
    to: 'http://127.0.0.1:1',
    dispatcher: new Rejecting(),
    before: (app) => {
      app.setErrorHandler((error: any, _request, reply) =>
        reply.code(error.statusCode).type('application/problem+json').send({ code: error.code }),
      )
    },
  })
  const text = await converse(port, GET)
  t.match(text, /^HTTP\/1.1 503 [^]*retry-after: 2\r\n[^]*{"code":"SLUICE_BREAKER_OPEN"}$/)
})

test('onError of replyOptions takes the error instead', async (t) => {
  const { port } = await startGateway(t, {
    to: `http://127.0.0.1:${await freePort()}`,
    overrides: {
      replyOptions: { onError: (reply: any, { error }: { error: any }) => reply.code(418).send(error.code) },
    },
  })
  t.match(await converse(port, GET), /^HTTP\/1.1 418 [^]*SLUICE_UPSTREAM_REFUSED$/)
})

test('an upstream that dies while an onSend hook ponders its stream', async (t) => {
  let up: Peer | undefined
  const upstream = await answerOnce((peer) => {
    up = peer
    peer.write(
      'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Up: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    )
  })
  t.teardown(() => upstream.stop())
  const { port } = await startGateway(t, {
    to: upstream.url,
    before: (app) => {
      app.addHook('onSend', async (_request, _reply, payload: any) => {
        if (typeof payload?.pipe !== 'function') return
        up?.reset()
        await new Promise((died) => payload.once('close', died))
      })
    },
  })
  const text = await converse(port, GET)
  t.match(text, /^HTTP\/1.1 502 [^]*"code":"SLUICE_UPSTREAM_RESET"/)
  t.notMatch(text, /x-up/i)
})
