import { createCircuitBreaker, type BreakerOptions, type CircuitBreaker } from '@sluice/circuit-breaker'
import { Readable } from 'node:stream'
import { test, type Test } from 'tap'
import { fetch } from 'undici'
import { createUpstream, type Upstream, type UpstreamOptions } from '../../src/index.ts'
import { deadPort, hang, startOrigin, status, until } from '../origin-server.ts'
import { startRawUpstream } from '../raw-upstream.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

function create(
  t: Test,
  origins: string,
  options: BreakerOptions = {},
  more: Partial<UpstreamOptions> = {},
): { upstream: Upstream; breaker: CircuitBreaker } {
  const breaker = createCircuitBreaker({ name: 'watched', ...options })
  const upstream = createUpstream({ name: 'watched', origins, breaker, ...more })
  t.teardown(() => upstream.dispatcher.destroy())
  return { upstream, breaker }
}

/** Successes, failures, ignored. */
function outcomes(breaker: CircuitBreaker): number[] {
  const { successes, failures, ignored } = breaker.snapshot().totals
  return [successes, failures, ignored]
}

async function send(upstream: Upstream): Promise<void> {
  const { body } = await upstream.dispatcher.request(get)
  await body.dump()
}

test('statuses', async (t) => {
  const origin = await startOrigin(t)
  const cases: [number, number[]][] = [
    [200, [1, 0, 0]],
    [204, [1, 0, 0]],
    [304, [1, 0, 0]],
    [404, [1, 0, 0]],
    [429, [0, 0, 1]],
    [500, [0, 1, 0]],
    [501, [0, 0, 1]],
    [503, [0, 1, 0]],
  ]
  for (const [code, expected] of cases) {
    const { upstream, breaker } = create(t, origin.url)
    origin.listener = status(code, {}, '')
    await send(upstream)
    await until(() => breaker.snapshot().inFlight === 0, 'the permit is back')
    t.same(outcomes(breaker), expected, String(code))
  }
})

test('a breaker’s own idea of failure', async (t) => {
  const origin = await startOrigin(t, status(200))
  const { upstream, breaker } = create(t, origin.url, { isFailure: ({ statusCode }) => statusCode === 200 })
  await send(upstream)
  t.same(outcomes(breaker), [0, 1, 0])
  const other = create(t, origin.url, { failOn: { status: [404] } })
  await send(other.upstream)
  origin.listener = status(404)
  await send(other.upstream)
  t.same(outcomes(other.breaker), [1, 1, 0])
})

test('failures of the connection', async (t) => {
  const { upstream, breaker } = create(t, `http://127.0.0.1:${await deadPort()}`)
  await t.rejects(send(upstream), { code: 'SLUICE_UPSTREAM_REFUSED' })
  t.same(outcomes(breaker), [0, 1, 0])
  const deaf = create(t, `http://127.0.0.1:${await deadPort()}`, { failOn: { network: false } })
  await t.rejects(send(deaf.upstream), { code: 'SLUICE_UPSTREAM_REFUSED' })
  t.same(outcomes(deaf.breaker), [0, 0, 1])
})

test('a name that nobody knows, and an answer that is not HTTP', async (t) => {
  const unknown = create(t, 'http://no-such-host.invalid')
  await t.rejects(send(unknown.upstream), { code: 'SLUICE_UPSTREAM_DNS', statusCode: 502 })
  const raw = await startRawUpstream((peer) => void peer.write('SSH-2.0-OpenSSH_9.2\r\n'))
  t.teardown(() => raw.stop())
  const { upstream, breaker } = create(t, raw.url)
  const error = (await send(upstream).catch((cause: unknown) => cause)) as {
    code: string
    statusCode: number
  }
  t.match(error.code, /^SLUICE_UPSTREAM_(?:PROTOCOL|RESET)$/)
  t.equal(error.statusCode, 502)
  t.same(outcomes(breaker), [0, 1, 0])
})

test('an answer counts when its body has ended, an event stream when it has begun', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const { upstream, breaker } = create(t, raw.url)
  const pending = upstream.dispatcher.request(get)
  const peer = await raw.next()
  await peer.until('\r\n\r\n')
  peer.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha')
  const { body } = await pending
  t.same(outcomes(breaker), [0, 0, 0])
  peer.reset()
  await t.rejects(body.text(), { code: 'SLUICE_UPSTREAM_RESET' })
  t.same(outcomes(breaker), [0, 1, 0])

  const events = upstream.dispatcher.request(get)
  const second = await raw.next()
  await second.until('\r\n\r\n')
  second.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n')
  await events
  t.same(outcomes(breaker), [1, 1, 0])
})

test('a caller that leaves is nobody’s failure, in whichever phase', async (t) => {
  const raw = await startRawUpstream()
  t.teardown(() => raw.stop())
  const handshake = create(t, `https://127.0.0.1:${raw.port}`, {}, { timeouts: { connectMs: 100 } })
  const early = new AbortController()
  const connecting = fetch('http://any/', { dispatcher: handshake.upstream.dispatcher, signal: early.signal })
  await raw.next()
  early.abort()
  await t.rejects(connecting, { name: 'AbortError' }, 'heard before there is a connection')

  const origin = await startOrigin(t, hang)
  const waiting = create(t, origin.url)
  const late = new AbortController()
  const pending = fetch('http://any/', { dispatcher: waiting.upstream.dispatcher, signal: late.signal })
  await until(() => origin.hits === 1, 'the request has arrived')
  late.abort()
  await t.rejects(pending, { name: 'AbortError' })
  await until(() => waiting.breaker.snapshot().inFlight === 0, 'the permit is back')
  t.same(outcomes(waiting.breaker), [0, 0, 1])

  origin.listener = (_request, response) => void response.write('x')
  const { body } = await waiting.upstream.dispatcher.request(get)
  body.on('error', () => {}).destroy()
  await until(() => waiting.breaker.snapshot().inFlight === 0, 'the permit is back')
  t.same(outcomes(waiting.breaker), [0, 0, 2])
})

test('nor is a request body that fails', async (t) => {
  const origin = await startOrigin(t, (request) => void request.resume())
  const { upstream, breaker } = create(t, origin.url)
  const body = new Readable({ read() {} })
  const pending = upstream.dispatcher.request({ ...get, method: 'POST', body })
  body.push('x')
  await until(() => origin.hits === 1, 'the request has arrived')
  body.destroy(Object.assign(new Error('client reset'), { code: 'ECONNRESET' }))
  await t.rejects(pending, { message: 'client reset' })
  await until(() => breaker.snapshot().inFlight === 0, 'the permit is back')
  t.same(outcomes(breaker), [0, 0, 1])
})

test('Retry-After of a 503 pauses the breaker only if told so', async (t) => {
  const origin = await startOrigin(t, status(503, { 'retry-after': '30' }))
  const calm = create(t, origin.url)
  await send(calm.upstream)
  t.equal(calm.breaker.state, 'closed')
  const obedient = create(t, origin.url, {}, { honorRetryAfter: true })
  await send(obedient.upstream)
  t.equal(obedient.breaker.state, 'open')
  await t.rejects(send(obedient.upstream), { code: 'SLUICE_BREAKER_OPEN' })
  origin.listener = status(429, { 'retry-after': '30' })
  const limited = create(t, origin.url, {}, { honorRetryAfter: true })
  await send(limited.upstream)
  t.equal(limited.breaker.state, 'closed')
})

test('no permit is lost, whatever happens', async (t) => {
  const origin = await startOrigin(t, (request, response) => {
    const kind = origin.hits % 5
    if (kind === 0) request.socket.destroy()
    else if (kind === 1) status(500)(request, response)
    else if (kind === 2) response.write('never ends')
    else if (kind === 3) status(200)(request, response)
  })
  const { upstream, breaker } = create(
    t,
    origin.url,
    { mode: 'observe' },
    { retry: { backoff: { baseMs: 1 } } },
  )
  const work = Array.from({ length: 200 }, async (_, i) => {
    const leaving = new AbortController()
    setTimeout(() => leaving.abort(), i % 40)
    const { body } = await upstream.dispatcher.request({ ...get, signal: leaving.signal })
    await body.dump()
  })
  await Promise.allSettled(work)
  await until(() => breaker.snapshot().inFlight === 0, 'each permit is back')
  t.equal(upstream.stats().origins[0]?.active, 0)
  const { fires, successes, failures, ignored } = breaker.snapshot().totals
  t.equal(successes + failures + ignored, fires)
})

test('a 304 that names the length of the answer it stands for is whole, and a success', async (t) => {
  const upstream = await startRawUpstream((peer) => {
    peer.socket.on('data', () => peer.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n'))
  })
  t.teardown(() => upstream.stop())
  const watched = create(t, upstream.url)
  await send(watched.upstream)
  await send(watched.upstream)
  t.strictSame(outcomes(watched.breaker), [2, 0, 0])
  t.match(watched.upstream.stats(), { errors: {}, origins: [{ failures: 0, active: 0 }] })
})
