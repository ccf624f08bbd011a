import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import type { Dispatcher } from 'undici'
import { createUpstream, type TimeoutOptions, type Upstream } from '../../src/index.ts'
import { hang, startOrigin, until } from '../origin-server.ts'
import { startRawUpstream } from '../raw-upstream.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

function create(origins: string, timeouts: TimeoutOptions, more: object = {}): Upstream {
  return createUpstream({ name: 'slow', origins, timeouts, ...more })
}

async function failure(work: Promise<unknown>): Promise<{ code?: string; statusCode?: number }> {
  try {
    await work
  } catch (error) {
    return error as { code?: string }
  }
  throw new Error('it did not fail')
}

test('a TLS handshake that never ends is a connect timeout', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const upstream = create(`https://127.0.0.1:${raw.port}`, { connectMs: 100, headersMs: 60_000 })
  t.teardown(() => upstream.dispatcher.destroy())
  const error = await failure(upstream.dispatcher.request(get))
  t.match(error, { code: 'SLUICE_UPSTREAM_CONNECT_TIMEOUT', statusCode: 504 })
})

test('so is waiting for a place in a full pool', async (t) => {
  const origin = await startOrigin(t, hang)
  const upstream = create(origin.url, { connectMs: 100, headersMs: 60_000 }, { pool: { connections: 1 } })
  t.teardown(() => upstream.dispatcher.destroy())
  const first = upstream.dispatcher.request(get).catch(() => {})
  await until(() => origin.hits === 1, 'the first request occupies the pool')
  t.match(await failure(upstream.dispatcher.request(get)), { code: 'SLUICE_UPSTREAM_CONNECT_TIMEOUT' })
  await upstream.dispatcher.destroy()
  await first
  t.equal(origin.hits, 1, 'what timed out in the queue is never sent')
})

test('no headers', async (t) => {
  const origin = await startOrigin(t, hang)
  const upstream = create(origin.url, { headersMs: 60 })
  t.teardown(() => upstream.dispatcher.destroy())
  const error = await failure(upstream.dispatcher.request(get))
  t.match(error, {
    code: 'SLUICE_UPSTREAM_HEADERS_TIMEOUT',
    statusCode: 504,
    upstream: 'slow',
    origin: origin.url,
  })
  t.match(upstream.stats().origins, [{ active: 0, failures: 1, requests: 1 }])
})

test('a stall of this process is not the upstream’s', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const upstream = create(raw.url, { headersMs: 60 })
  t.teardown(() => upstream.dispatcher.destroy())
  const pending = upstream.dispatcher.request(get)
  const peer = await raw.next()
  await peer.until('\r\n\r\n')
  peer.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  const until = performance.now() + 200
  while (performance.now() < until);
  const { body } = await pending
  t.equal(await body.text(), 'ok')
})

test('silence in the middle of a body, however much came before', async (t) => {
  const origin = await startOrigin(t, async (_request, response) => {
    for (let i = 0; i < 8; i++) {
      response.write('x')
      await delay(50)
    }
  })
  const upstream = create(origin.url, { headersMs: 5_000, bodyMs: 300 })
  t.teardown(() => upstream.dispatcher.destroy())
  const { body } = await upstream.dispatcher.request(get)
  let text = ''
  const error = await failure(
    (async () => {
      for await (const chunk of body) text += String(chunk)
    })(),
  )
  t.match(error, { code: 'SLUICE_UPSTREAM_BODY_TIMEOUT', statusCode: 504 })
  t.equal(text, 'xxxxxxxx', 'eight chunks in more than 300 ms')
})

test('a caller that does not read is no silence of the upstream', async (t) => {
  const chunk = Buffer.alloc(1_000_000)
  const origin = await startOrigin(t, (_request, response) => {
    for (let i = 0; i < 20; i++) response.write(chunk)
    response.end()
  })
  const upstream = create(origin.url, { bodyMs: 400 })
  t.teardown(() => upstream.close())
  let bytes = 0
  let paused = false
  await new Promise<void>((done, fail) => {
    upstream.dispatcher.dispatch(get, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(controller: Dispatcher.DispatchController, data) {
        bytes += data.length
        if (paused) return
        paused = true
        controller.pause()
        setTimeout(() => controller.resume(), 1_100)
      },
      onResponseEnd: () => done(),
      onResponseError: (_controller, error) => fail(error),
    })
  })
  t.equal(bytes, 20_000_000)
})

test('the total deadline ends what each single deadline allows', async (t) => {
  const origin = await startOrigin(t, (_request, response) => {
    const timer = setInterval(() => response.write('x'), 20)
    response.once('close', () => clearInterval(timer))
  })
  const upstream = create(origin.url, { bodyMs: 5_000, totalMs: 200 })
  t.teardown(() => upstream.dispatcher.destroy())
  const { body } = await upstream.dispatcher.request(get)
  t.match(await failure(body.text()), { code: 'SLUICE_UPSTREAM_TOTAL_TIMEOUT', statusCode: 504 })
  await until(() => upstream.stats().origins[0]?.active === 0, 'the attempt is over')
  t.same(upstream.stats().errors, { SLUICE_UPSTREAM_TOTAL_TIMEOUT: 1 })
})

test('an upload may take longer than the headers deadline', async (t) => {
  const origin = await startOrigin(t, (request, response) => request.pipe(response))
  const upstream = create(origin.url, { headersMs: 100 })
  t.teardown(() => upstream.close())
  async function* trickle(): AsyncGenerator<string> {
    for (let i = 0; i < 12; i++) {
      yield 'x'
      await delay(100)
    }
  }
  const post = { ...get, method: 'POST', body: Readable.from(trickle()) } as const
  const { body } = await upstream.dispatcher.request(post)
  t.equal(await body.text(), 'xxxxxxxxxxxx')
})

test('and is held to it when it is done', async (t) => {
  const origin = await startOrigin(t, (request) => void request.resume())
  const upstream = create(origin.url, { headersMs: 100 })
  t.teardown(() => upstream.dispatcher.destroy())
  const post = { ...get, method: 'POST', body: Readable.from(['a', 'b']) } as const
  t.match(await failure(upstream.dispatcher.request(post)), { code: 'SLUICE_UPSTREAM_HEADERS_TIMEOUT' })
})

test('the breaker’s own limit holds for the whole attempt', async (t) => {
  const origin = await startOrigin(t, (_request, response) => {
    const timer = setInterval(() => response.write('x'), 20)
    response.once('close', () => clearInterval(timer))
  })
  const upstream = create(origin.url, { bodyMs: 5_000 }, { breaker: { timeoutMs: 150 } })
  t.teardown(() => upstream.dispatcher.destroy())
  const answered = upstream.dispatcher.request(get).then(({ body }) => body.text())
  t.match(await failure(answered), { code: 'SLUICE_UPSTREAM_ATTEMPT_TIMEOUT', statusCode: 504 })
})

test('without deadlines a request waits', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const upstream = create(raw.url, { connectMs: 0, headersMs: 0, bodyMs: 0 })
  t.teardown(() => upstream.dispatcher.destroy())
  const pending = upstream.dispatcher.request(get)
  const peer = await raw.next()
  await peer.until('\r\n\r\n')
  await delay(100)
  peer.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n')
  const { body } = await pending
  peer.write('ok')
  t.equal(await body.text(), 'ok')
})
