import { once } from 'node:events'
import { Readable } from 'node:stream'
import { test, type Test } from 'tap'
import { fetch, type Dispatcher } from 'undici'
import { createUpstream, type Upstream, type UpstreamOptions } from '../../src/index.ts'
import { startOrigin, until } from '../origin-server.ts'
import type { Peer } from '../peer.ts'
import { startRawUpstream, type RawUpstream } from '../raw-upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const get = { method: 'GET', path: '/', origin: 'http://any' } as const

/** An upstream in front of an origin that answers each request by `answer`. */
async function start(
  t: Test,
  answer: (peer: Peer, nth: number) => void,
  options: Partial<UpstreamOptions> = {},
): Promise<{ raw: RawUpstream; upstream: Upstream; ask: (more?: object) => Promise<string> }> {
  let requests = 0
  const raw = await startRawUpstream((peer) => {
    peer.socket.on('data', (chunk: Buffer) => {
      for (const _ of chunk.toString('latin1').matchAll(/\r\n\r\n/g)) answer(peer, ++requests)
    })
  })
  t.teardown(() => raw.stop())
  const upstream = createUpstream({ name: 'raw', origins: raw.url, breaker: false, ...options })
  t.teardown(() => upstream.dispatcher.destroy())
  const ask = async (more: object = {}): Promise<string> => {
    const { body } = await upstream.dispatcher.request({ ...get, ...more })
    return body.text()
  }
  return { raw, upstream, ask }
}

test('one request after another takes the same connection, whatever frames the answers', async (t) => {
  const answers = [
    OK,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 304 Not Modified\r\ncontent-length: 900\r\n\r\n',
    OK,
  ]
  const { raw, ask } = await start(t, (peer, nth) => void peer.write(answers[nth - 1] ?? OK))
  for (const answer of answers) t.equal(await ask(), answer.includes('ok') ? 'ok' : '')
  t.equal(raw.connections.length, 1)
})

test('a connection is not used again where its state is in doubt', async (t) => {
  const cases: Record<string, [answer: string, request?: object]> = {
    'the origin closes it': ['HTTP/1.1 200 OK\r\nconnection: a, close\r\ncontent-length: 2\r\n\r\nok'],
    'HTTP/1.0': ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    'more came than the answer': [`${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
    'the origin keeps it for a second': [
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok',
    ],
    'HEAD, whose answers some send with a body': [
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      { method: 'HEAD' },
    ],
    'an answer before the request was sent': [OK, { method: 'POST', body: new Readable({ read() {} }) }],
  }
  for (const [name, [answer, request]] of Object.entries(cases)) {
    const { raw, ask } = await start(t, (peer) => void peer.write(answer))
    await ask(request)
    await ask()
    t.equal(raw.connections.length, 2, name)
    await raw.connections[0]?.closed
  }
})

test('what comes on a free connection closes it, and is nobody’s answer', async (t) => {
  const { raw, ask } = await start(t, (peer) => void peer.write(OK))
  t.equal(await ask(), 'ok')
  const [first] = raw.connections
  first?.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil')
  await first?.closed
  t.equal(await ask(), 'ok')
  t.equal(raw.connections.length, 2)
})

test('the connection used last is used next; those that are free for long are closed', async (t) => {
  const { raw, ask } = await start(t, (peer) => void peer.write(OK), { pool: { keepAliveMs: 300 } })
  await Promise.all([ask(), ask(), ask()])
  const opened = raw.connections.length
  for (let i = 0; i < 5; i++) await ask()
  t.equal(raw.connections.length, opened)
  await Promise.all(raw.connections.map(({ closed }) => closed))
  t.equal(await ask(), 'ok')
  t.equal(raw.connections.length, opened + 1)
})

test('at the limit, requests take the connections in their order', async (t) => {
  const peers: Peer[] = []
  const { raw, ask } = await start(t, (peer) => void peers.push(peer), { pool: { connections: 2 } })
  const done: number[] = []
  const asked = [0, 1, 2, 3, 4].map((n) => ask().then(() => done.push(n)))
  for (let answered = 0; answered < 5; answered++) {
    await until(() => peers.length > answered, 'the next request is sent')
    peers[answered]?.write(OK)
  }
  await Promise.all(asked)
  t.equal(raw.connections.length, 2)
  t.same(
    done.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4],
  )
})

test('a connection that could not be made fails one request, and the rest go on', async (t) => {
  const { raw, ask } = await start(t, (peer) => void peer.write(OK), { pool: { connections: 1 } })
  const { port } = raw
  await raw.stop()
  const refused = await Promise.allSettled([ask(), ask(), ask()])
  t.ok(refused.every(({ status }) => status === 'rejected'))
  t.match(refused[2], { reason: { code: 'SLUICE_UPSTREAM_REFUSED' } })
  const origin = await startOrigin(t)
  const other = createUpstream({ name: 'other', origins: [origin.url, `http://127.0.0.1:${port}`] })
  t.teardown(() => other.close())
  const both = await Promise.allSettled([0, 1, 2, 3].map(() => other.dispatcher.request(get)))
  t.equal(both.filter(({ status }) => status === 'fulfilled').length, 2)
})

test('close waits for what is under way; destroy does not', async (t) => {
  const peers: Peer[] = []
  const { raw, upstream, ask } = await start(t, (peer) => void peers.push(peer), { pool: { connections: 1 } })
  const first = ask()
  const second = ask()
  await until(() => peers.length === 1, 'the first is sent')
  const closed = upstream.close()
  await t.rejects(ask(), { code: /UND_ERR_CLOSED|SLUICE_UPSTREAM_UNAVAILABLE/ })
  peers[0]?.write(OK)
  t.equal(await first, 'ok')
  await until(() => peers.length === 2, 'what had been asked before is still sent')
  peers[1]?.write(OK)
  t.equal(await second, 'ok')
  await closed
  await raw.connections[0]?.closed

  const other = await start(t, () => {})
  const hanging = other.ask().catch((error: Error) => error.message)
  const peer = await other.raw.next()
  await peer.until('\r\n\r\n')
  await other.upstream.dispatcher.destroy(new Error('shut down'))
  t.equal(await hanging, 'shut down')
  await peer.closed
})

test('an upgrade gets the stream with all that came behind the answer', async (t) => {
  const { upstream, ask, raw } = await start(t, (peer, nth) => {
    peer.write(nth === 1 ? 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nfirst' : OK)
  })
  const { socket, headers } = await upstream.dispatcher.upgrade({ path: '/', protocol: 'x' })
  t.equal(headers.upgrade, 'x')
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  t.equal(String(chunk), 'first')
  socket.write('hello')
  await raw.connections[0]?.until('hello')
  t.equal(await ask(), 'ok')
  t.equal(raw.connections.length, 2)
  await upstream.close()
  t.notOk(socket.destroyed, 'it is the caller’s')
  socket.destroy()
  const refused = await start(t, (peer) => void peer.write(OK))
  await t.rejects(refused.upstream.dispatcher.upgrade({ path: '/', protocol: 'x' }))
})

test('a handler that does not want its upgrade loses it', async (t) => {
  const { upstream, raw } = await start(t, (peer) => {
    peer.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n')
  })
  const error = await new Promise<Error>((resolve) => {
    upstream.dispatcher.dispatch(
      { path: '/', method: 'GET', upgrade: 'x' },
      {
        onRequestStart() {},
        onRequestUpgrade() {
          throw new Error('no, thanks')
        },
        onResponseError: (_controller, reason) => resolve(reason),
      },
    )
  })
  t.equal(error.message, 'no, thanks')
  await raw.connections[0]?.closed
})

test('CONNECT makes a tunnel', async (t) => {
  const { upstream } = await start(t, (peer) => void peer.write('HTTP/1.1 200 Established\r\n\r\nhi'))
  const { socket } = await upstream.dispatcher.connect({ origin: 'http://any', path: 'db:5432' })
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  t.equal(String(chunk), 'hi')
  socket.destroy()
})

test('fetch waits through early hints', async (t) => {
  const { upstream } = await start(t, (peer) => {
    peer.write('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n')
    setImmediate(() => peer.write(OK))
  })
  const answer = await fetch('http://any/', { dispatcher: upstream.dispatcher })
  t.equal(await answer.text(), 'ok')
})

test('a pause holds the origin back, and a connection that was paused serves again', async (t) => {
  const body = 'x'.repeat(3_000_000)
  const { raw, upstream, ask } = await start(t, (peer) => {
    peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`)
    peer.write(body)
  })
  let bytes = 0
  let ended = false
  let controller: Dispatcher.DispatchController | undefined
  upstream.dispatcher.dispatch(
    { method: 'GET', path: '/' },
    {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData(given, chunk) {
        bytes += chunk.length
        given.pause()
        controller = given
      },
      onResponseEnd: () => void (ended = true),
      onResponseError: (_controller, error) => t.fail(error.message),
    },
  )
  await until(() => controller !== undefined, 'the first bytes')
  const before = bytes
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(bytes, before, 'nothing comes in a pause')
  const resumed = setInterval(() => controller?.resume())
  await until(() => ended, 'the end')
  clearInterval(resumed)
  t.equal(bytes, body.length)
  t.equal((await ask()).length, body.length)
  t.equal(raw.connections.length, 1)
})

test('a client that sends its upload slowly is not the origin’s fault; an origin that does not read it is', async (t) => {
  const slow = await startOrigin(t, (request, response) => void request.pipe(response))
  const upstream = createUpstream({ name: 'slow', origins: slow.url, timeouts: { headersMs: 60, bodyMs: 0 } })
  t.teardown(() => upstream.dispatcher.destroy())
  const body = new Readable({ read() {} })
  body.push('a')
  const answered = upstream.dispatcher.request({ ...get, method: 'POST', body })
  setTimeout(() => {
    body.push('b')
    body.push(null)
  }, 300)
  t.equal(await (await answered).body.text(), 'ab')

  const deaf = await startRawUpstream((peer) => void peer.socket.pause())
  t.teardown(() => deaf.stop())
  const stuck = createUpstream({ name: 'deaf', origins: deaf.url, timeouts: { headersMs: 60 } })
  t.teardown(() => stuck.dispatcher.destroy())
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536))
    },
  })
  await t.rejects(stuck.dispatcher.request({ ...get, method: 'POST', body: endless }), {
    code: 'SLUICE_UPSTREAM_HEADERS_TIMEOUT',
  })
})
