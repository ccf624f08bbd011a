import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { test } from 'tap'
import { createUpstream, kUpstreamContext, type RetryOptions, type UpstreamOptions } from '../../src/index.ts'
import { deadPort, ok, startOrigin, status, until } from '../origin-server.ts'
import { startRawUpstream } from '../raw-upstream.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const
const soon: RetryOptions = { attempts: 2, backoff: { baseMs: 1, maxMs: 50 } }

function retrying(origins: UpstreamOptions['origins'], more: Partial<UpstreamOptions> = {}) {
  return createUpstream({ name: 'flaky', origins, retry: soon, breaker: false, ...more })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a GET is tried again until it succeeds', async (t) => {
  const origin = await startOrigin(t, (request, response) =>
    (origin.hits < 3 ? status(503) : ok)(request, response),
  )
  const breaker = createCircuitBreaker({ name: 'flaky' })
  const upstream = retrying(origin.url, { breaker })
  t.teardown(() => upstream.close())
  const { statusCode, body } = await upstream.dispatcher.request(get)
  t.equal(statusCode, 200)
  t.equal(await body.text(), 'ok')
  t.match(upstream.stats(), { requests: 1, attempts: 3, retries: 2 })
  t.match(
    breaker.snapshot().totals,
    { fires: 3, failures: 2, successes: 1 },
    'the breaker has seen each attempt',
  )
})

test('the last answer comes through as it is', async (t) => {
  const origin = await startOrigin(t, status(503, { 'x-reason': 'tired' }, 'come back later'))
  const upstream = retrying(origin.url)
  t.teardown(() => upstream.close())
  const { statusCode, headers, body } = await upstream.dispatcher.request(get)
  t.equal(statusCode, 503)
  t.equal(headers['x-reason'], 'tired')
  t.equal(await body.text(), 'come back later')
  t.equal(origin.hits, 3)
})

test('off unless configured', async (t) => {
  const origin = await startOrigin(t, status(503))
  const upstream = createUpstream({ name: 'once', origins: origin.url })
  t.teardown(() => upstream.close())
  await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(origin.hits, 1)
  t.equal(upstream.stats().retryBudget, null)
})

test('a POST is not sent twice, unless the caller says that it may', async (t) => {
  const origin = await startOrigin(t, status(503))
  const upstream = retrying(origin.url)
  t.teardown(() => upstream.close())
  const post = { ...get, method: 'POST', body: 'x' } as const
  await upstream.dispatcher.request(post).then(({ body }) => body.dump())
  t.equal(origin.hits, 1)
  const keyed = { ...post, [kUpstreamContext]: { idempotent: true } }
  await upstream.dispatcher.request(keyed).then(({ body }) => body.dump())
  t.equal(origin.hits, 4)
  const never = { ...get, [kUpstreamContext]: { idempotent: false } }
  await upstream.dispatcher.request(never).then(({ body }) => body.dump())
  t.equal(origin.hits, 5)
  const picky = retrying(origin.url, { retry: { ...soon, methods: ['DELETE'] } })
  t.teardown(() => picky.close())
  await picky.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(origin.hits, 6, 'nor a GET that is not among the methods')
})

test('what could not be sent goes elsewhere, whatever its method and body', async (t) => {
  const origin = await startOrigin(t, (request, response) => request.pipe(response))
  const upstream = retrying([`http://127.0.0.1:${await deadPort()}`, origin.url])
  t.teardown(() => upstream.close())
  for (let i = 0; i < 4; i++) {
    const body = Readable.from(['whole', ' ', 'body'])
    const response = await upstream.dispatcher.request({ ...get, method: 'POST', body })
    t.equal(await response.body.text(), 'whole body')
  }
  t.match(upstream.stats(), { requests: 4, retries: 2 })
})

test('a stream that has been read is not sent again', async (t) => {
  const origin = await startOrigin(t, (request, response) => {
    request.resume().once('end', () => status(503)(request, response))
  })
  const upstream = retrying(origin.url)
  t.teardown(() => upstream.close())
  const put = { ...get, method: 'PUT', body: Readable.from(['a']) } as const
  const { statusCode, body } = await upstream.dispatcher.request(put)
  await body.dump()
  t.equal(statusCode, 503)
  t.equal(origin.hits, 1)
})

test('another origin is preferred', async (t) => {
  const bad = await startOrigin(t, status(502))
  const good = await startOrigin(t)
  const upstream = retrying([bad.url, good.url], { outlier: false, retry: { ...soon, attempts: 1 } })
  t.teardown(() => upstream.close())
  for (let i = 0; i < 20; i++) {
    const { statusCode, body } = await upstream.dispatcher.request(get)
    await body.dump()
    t.equal(statusCode, 200)
  }
})

test('a reset before the headers is tried again, one after them is not', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const upstream = retrying(raw.url)
  t.teardown(() => upstream.dispatcher.destroy())
  const first = upstream.dispatcher.request(get)
  const one = await raw.next()
  await one.until('\r\n\r\n')
  one.reset()
  const two = await raw.next()
  await two.until('\r\n\r\n')
  two.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')
  const { body } = await first
  const text = body.text()
  two.reset()
  t.equal(await codeOf(text), 'SLUICE_UPSTREAM_RESET')
  t.equal(raw.connections.length, 2)
  t.match(upstream.stats(), { retries: 1, errors: { SLUICE_UPSTREAM_RESET: 1 } })
})

test('waits as long as Retry-After says, and not at all where that is too long', async (t) => {
  const origin = await startOrigin(t, status(503, { 'retry-after': '60' }))
  const upstream = retrying(origin.url)
  t.teardown(() => upstream.close())
  await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(origin.hits, 1)
  const deaf = retrying(origin.url, { retry: { ...soon, respectRetryAfter: false } })
  t.teardown(() => deaf.close())
  await deaf.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(origin.hits, 4)

  const times: number[] = []
  origin.listener = (request, response) => {
    times.push(performance.now())
    ;(times.length === 1 ? status(503, { 'retry-after': '1' }) : ok)(request, response)
  }
  const patient = retrying(origin.url, { retry: { attempts: 1, backoff: { baseMs: 1, maxMs: 2_000 } } })
  t.teardown(() => patient.close())
  t.equal((await patient.dispatcher.request(get)).statusCode, 200)
  t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990)
})

test('does not wait beyond the total deadline', async (t) => {
  const origin = await startOrigin(t, status(503, { 'retry-after': '3' }))
  const upstream = retrying(origin.url, { retry: { attempts: 1 }, timeouts: { totalMs: 2_000 } })
  t.teardown(() => upstream.close())
  const { statusCode, body } = await upstream.dispatcher.request(get)
  await body.dump()
  t.equal(statusCode, 503)
  t.equal(origin.hits, 1)
})

test('a discarded body is drained when it is small, and costs its connection when it is not', async (t) => {
  const sockets = new Set<Socket>()
  let size = 1_000
  const origin = await startOrigin(t, (request, response) => {
    sockets.add(request.socket)
    if (origin.hits % 2 === 1) status(503, {}, 'x'.repeat(size))(request, response)
    else ok(request, response)
  })
  const backoff = { baseMs: 30, maxMs: 30, jitter: 'none' } as const
  const upstream = retrying(origin.url, { retry: { attempts: 1, backoff } })
  t.teardown(() => upstream.close())
  async function text(): Promise<string> {
    const { body } = await upstream.dispatcher.request(get)
    return body.text()
  }
  const lost = (): number => [...sockets].filter(({ destroyed }) => destroyed).length
  for (let i = 0; i < 5; i++) t.equal(await text(), 'ok')
  t.equal(lost(), 0)
  size = 5_000_000
  for (let i = 0; i < 3; i++) t.equal(await text(), 'ok')
  await until(() => lost() === 3, 'one connection lost for each long body')
})

test('a caller that leaves during the wait ends it', async (t) => {
  const origin = await startOrigin(t, status(503))
  const upstream = retrying(origin.url, {
    retry: { attempts: 5, backoff: { baseMs: 60_000, maxMs: 60_000, jitter: 'none' } },
  })
  t.teardown(() => upstream.close())
  const leaving = new AbortController()
  const pending = upstream.dispatcher.request({ ...get, signal: leaving.signal })
  await until(
    () => upstream.stats().origins[0]?.active === 0 && origin.hits === 1,
    'the first attempt is over',
  )
  leaving.abort(new Error('gone'))
  await t.rejects(pending, { message: 'gone' })
  t.match(upstream.stats(), { attempts: 1, retries: 0, errors: { ABORTED: 1 } })
})

test('an open breaker is not tried again', async (t) => {
  const origin = await startOrigin(t)
  const breaker = createCircuitBreaker({ name: 'shut' })
  breaker.open()
  const upstream = retrying(origin.url, { breaker })
  t.teardown(() => upstream.close())
  t.equal(await codeOf(upstream.dispatcher.request(get)), 'SLUICE_BREAKER_OPEN')
  t.match(upstream.stats(), { attempts: 0, retries: 0, errors: { SLUICE_BREAKER_OPEN: 1 } })
})

test('a dead upstream gets at most 1.2 attempts for each request', async (t) => {
  const upstream = retrying(`http://127.0.0.1:${await deadPort()}`, {
    retry: { attempts: 10, backoff: { baseMs: 1, maxMs: 5 } },
  })
  t.teardown(() => upstream.close())
  const codes = await Promise.all(
    Array.from({ length: 1_000 }, () => codeOf(upstream.dispatcher.request(get))),
  )
  t.ok(codes.every((code) => code === 'SLUICE_UPSTREAM_REFUSED'))
  const { attempts, retryBudget } = upstream.stats()
  t.ok(attempts <= 1_200, `${attempts} attempts`)
  t.ok(attempts > 1_000)
  t.ok((retryBudget?.exhausted ?? 0) > 0)
})
