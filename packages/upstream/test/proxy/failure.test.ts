import { once } from 'node:events'
import { test } from 'tap'
import { Dispatcher } from 'undici'
import { freePort } from '../../../../test/redis.ts'
import { connect, converse, type Peer } from '../peer.ts'
import { startRawUpstream, type RawUpstream } from '../raw-upstream.ts'
import { startGateway, WAYS } from './gateway.ts'

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
    'SLUICE_UPSTREAM_PROTOCOL',
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

/** Answers that stop, by the path that is asked for. */
const partial: Readonly<Record<string, string>> = {
  '/short': 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\nabc',
  '/stream':
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntest\r\n',
  '/head': 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n',
}

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

for (const [by, direct] of WAYS) {
  test(`${by}: onError of replyOptions takes the error instead, with its cause`, async (t) => {
    const onError = (reply: any, { error }: { error: any }): void =>
      reply.code(418).send({ status: error.statusCode, code: error.code, cause: error.cause?.code })
    const { port } = await startGateway(t, {
      to: `http://127.0.0.1:${await freePort()}`,
      direct,
      overrides: { replyOptions: { onError } },
    })
    t.match(
      await converse(port, GET),
      /^HTTP\/1.1 418 [^]*{"status":502,"code":"SLUICE_UPSTREAM_REFUSED","cause":"ECONNREFUSED"}$/,
    )
  })

  test(`${by}: what is nobody’s fault upstream is a 500, whatever status the reply had`, async (t) => {
    class Broken extends Dispatcher {
      override dispatch(_options: object, handler: Dispatcher.DispatchHandler): boolean {
        handler.onResponseError?.(null as never, new Error('foo'))
        return true
      }
      override async destroy(): Promise<void> {}
    }
    const { port } = await startGateway(t, {
      to: 'http://127.0.0.1:1',
      direct,
      dispatcher: new Broken(),
      before: (app) => app.addHook('preHandler', async (_request, reply) => void reply.code(205)),
    })
    t.match(await converse(port, GET), /^HTTP\/1.1 500 [^]*"message":"foo"/)
  })

  test(`${by}: each deadline is a 504 as long as no byte of the answer has left`, async (t) => {
    const upstream = await answerOnce((peer) => {
      const [, answer] = Object.entries(partial).find(([path]) => peer.text.includes(path)) ?? ['', '']
      peer.write(answer)
    })
    t.teardown(() => upstream.stop())
    const timeouts = { connectMs: 100, headersMs: 100, bodyMs: 100 }
    const { port } = await startGateway(t, { to: upstream.url, direct, upstream: { timeouts } })
    const ask = (path: string): Promise<string> => converse(port, GET.replace('/', path))
    t.match(await ask('/silent'), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_HEADERS_TIMEOUT/)
    t.match(await ask('/short'), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_BODY_TIMEOUT/)
    t.match(await ask('/stream'), /^HTTP\/1.1 200 [^]*\r\n\r\n4\r\ntest\r\n$/, 'cut off, as far as it came')
    t.match(await ask('/head'), /^HTTP\/1.1 200 [^]*\r\n\r\n$/, 'the same')
    const secure = upstream.url.replace('http', 'https')
    const unsafe = await startGateway(t, { to: secure, direct, upstream: { timeouts } })
    t.match(await converse(unsafe.port, GET), /^HTTP\/1.1 504 [^]*SLUICE_UPSTREAM_CONNECT_TIMEOUT/)
  })

  test(`${by}: a reset is tried again if told so, and an event stream outlives the headers deadline`, async (t) => {
    let resets = 1
    const upstream = await answerOnce((peer) => {
      if (resets-- > 0) peer.reset()
      else peer.write(partial['/stream'] ?? '')
    })
    t.teardown(() => upstream.stop())
    const { port } = await startGateway(t, {
      to: upstream.url,
      direct,
      upstream: { retry: { attempts: 1 }, timeouts: { headersMs: 100 } },
    })
    const client = await connect(port)
    client.write(GET)
    await client.until('test')
    await new Promise((later) => setTimeout(later, 300))
    upstream.connections.at(-1)?.write('0\r\n\r\n')
    await client.closed
    t.match(client.text, /^HTTP\/1.1 200 [^]*test\r\n0\r\n\r\n$/)
  })
}

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
