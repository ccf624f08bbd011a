import { test } from 'tap'
import { freePort } from '../../../test/redis.ts'
import { makeKey, startGateway, startUpstream } from './fixtures.ts'

test('a service behind its prefix, with a request id on both sides', async (t) => {
  const upstream = await startUpstream(t)
  const { app } = await startGateway(t, {
    services: {
      orders: { prefix: '/orders', upstream: upstream.url },
      whole: { prefix: '/whole', stripPrefix: false, upstream: upstream.url },
    },
  })
  const answer = await app.inject({ url: '/orders/7?full=1', headers: { 'x-request-id': 'abc-1' } })
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().url, '/7?full=1')
  t.equal(answer.headers['x-request-id'], 'abc-1')
  t.equal(upstream.requests[0]?.headers['x-request-id'], 'abc-1')
  t.equal((await app.inject('/whole/7')).json().url, '/whole/7')
  const odd = await app.inject({ url: '/orders/7', headers: { 'x-request-id': 'a b\u00e9' } })
  t.match(odd.headers['x-request-id'], /^[0-9a-f-]{36}$/, 'an id that is not plain is replaced')
})

test('without a key 401, with a bad one 401, without the scope 403, and the upstream learns who it was', async (t) => {
  const upstream = await startUpstream(t)
  const [reader, other] = await Promise.all([makeKey('acme', 'orders:read'), makeKey('other')])
  const { app } = await startGateway(t, {
    auth: { keys: [reader.entry, other.entry] },
    services: {
      orders: { prefix: '/orders', upstream: upstream.url, apiKey: { scopes: ['orders:read'] } },
      open: { prefix: '/open', upstream: upstream.url, apiKey: false },
      any: { prefix: '/any', upstream: upstream.url },
    },
  })
  const get = (url: string, key?: string) =>
    app.inject({ url, headers: { 'x-consumer-id': 'root', ...(key !== undefined && { 'x-api-key': key }) } })

  const missing = await get('/orders/1')
  t.equal(missing.statusCode, 401)
  t.match(missing.headers, {
    'content-type': /^application\/problem\+json/,
    'www-authenticate': [/ApiKey/, /Bearer/],
  })
  t.match((await get('/orders/1', `${reader.key.slice(0, -1)}!`)).json(), {
    status: 401,
    code: 'SLUICE_API_KEY_INVALID',
  })
  t.match((await get('/orders/1', other.key)).json(), { status: 403, code: 'SLUICE_API_KEY_SCOPE' })
  t.equal((await get('/any/1')).statusCode, 401, 'a service asks for a key unless it says otherwise')
  t.equal(upstream.requests.length, 0)

  t.equal((await get('/orders/1', reader.key)).statusCode, 200)
  t.match(upstream.requests[0]?.headers, { 'x-consumer-id': 'acme' })
  t.equal(upstream.requests[0]?.headers['x-api-key'], undefined)
  t.equal((await get('/open/1')).statusCode, 200)
  t.equal(upstream.requests[1]?.headers['x-consumer-id'], undefined)
})

test('the second identical read is a hit, and a consumer never gets what another one was given', async (t) => {
  const upstream = await startUpstream(t)
  const [a, b] = await Promise.all([makeKey('a'), makeKey('b')])
  const { app } = await startGateway(t, {
    auth: { keys: [a.entry, b.entry] },
    services: { menu: { prefix: '/menu', upstream: upstream.url, responseCache: { defaultTtl: '1m' } } },
  })
  const read = async (key: string) => {
    const { headers, body } = await app.inject({ url: '/menu/1', headers: { 'x-api-key': key } })
    return { cache: headers['x-cache'], call: (JSON.parse(body) as { call: number }).call }
  }
  t.strictSame(await read(a.key), { cache: 'MISS', call: 1 })
  t.strictSame(await read(a.key), { cache: 'HIT', call: 1 })
  t.strictSame(await read(b.key), { cache: 'MISS', call: 2 })
})

test('a failing service opens its breaker: 503 with Retry-After, or what the fallback says', async (t) => {
  const upstream = await startUpstream(t)
  const breaker = { consecutiveFailures: 3, open: { durationMs: '20s', jitter: 0 } }
  const { app } = await startGateway(t, {
    services: {
      plain: { prefix: '/plain', upstream: upstream.url, circuitBreaker: breaker },
      guest: {
        prefix: '/guest',
        upstream: upstream.url,
        circuitBreaker: { ...breaker, fallback: { type: 'static', status: 200, body: { name: 'Guest' } } },
        responseCache: { defaultTtl: '1m' },
      },
      stale: {
        prefix: '/stale',
        upstream: upstream.url,
        circuitBreaker: { ...breaker, fallback: { type: 'cache' } },
        responseCache: { ttl: 0 },
      },
    },
  })
  upstream.headers = { etag: '"1"' }
  t.equal((await app.inject('/stale/1')).statusCode, 200)
  upstream.status = 500
  for (const service of ['plain', 'guest', 'stale']) {
    for (let call = 0; call < 3; call++) await app.inject(`/${service}/${call + 2}`)
  }
  const calls = upstream.requests.length
  const refused = await app.inject('/plain/1')
  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['retry-after'], '20')
  t.match(refused.json(), {
    code: 'SLUICE_BREAKER_OPEN',
    circuitBreaker: 'plain',
    circuitBreakerState: 'OPEN',
    retryAfter: 20,
  })
  t.match((await app.inject('/guest/1')).json(), { name: 'Guest' })
  t.not(
    (await app.inject('/guest/1')).headers['x-cache'],
    'HIT',
    'what stands in is not kept as the real answer',
  )
  const stale = await app.inject('/stale/1')
  t.equal(stale.statusCode, 200)
  t.equal(stale.headers['x-cache'], 'STALE')
  t.equal(upstream.requests.length, calls, 'nothing of this reached the upstream')
})

test('a dead upstream is a 502, a silent one a 504, an unknown path a 404: problems all', async (t) => {
  const upstream = await startUpstream(t)
  upstream.server.removeAllListeners('request')
  const { app } = await startGateway(t, {
    services: {
      dead: { prefix: '/dead', upstream: `http://127.0.0.1:${await freePort()}` },
      silent: { prefix: '/silent', upstream: upstream.url, timeouts: { headersMs: 60 } },
    },
  })
  const expected = {
    '/dead/1': [502, 'SLUICE_UPSTREAM_REFUSED'],
    '/silent/1': [504, 'SLUICE_UPSTREAM_HEADERS_TIMEOUT'],
    '/x': [404, 'SLUICE_NOT_FOUND'],
  }
  for (const [url, [status, code]] of Object.entries(expected)) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, status, url)
    t.match(answer.headers['content-type'], /^application\/problem\+json/)
    t.match(answer.json(), { status, code, requestId: /./ })
  }
})

test('limits: general, a service’s own, none, and several at once', async (t) => {
  const upstream = await startUpstream(t)
  const { app } = await startGateway(t, {
    rateLimit: '2-M',
    services: {
      general: { prefix: '/general', upstream: upstream.url },
      own: { prefix: '/own', upstream: upstream.url, rateLimit: [{ max: 3, window: '1m' }, '1-S'] },
      free: { prefix: '/free', upstream: upstream.url, rateLimit: false },
    },
  })
  const statuses = async (url: string, calls: number) => {
    const seen: number[] = []
    for (let call = 0; call < calls; call++) seen.push((await app.inject(url)).statusCode)
    return seen
  }
  t.strictSame(await statuses('/general/1', 3), [200, 200, 429])
  t.strictSame(await statuses('/own/1', 2), [200, 429])
  t.strictSame(await statuses('/free/1', 4), [200, 200, 200, 200])
  const refused = await app.inject('/general/1')
  t.match(refused.json(), { code: 'SLUICE_RATE_LIMITED', status: 429 })
  t.match(refused.headers, { 'retry-after': /^\d+$/, ratelimit: /r=0/, 'x-ratelimit-remaining': '0' })
  t.equal((await app.inject('/livez')).statusCode, 200)
})

test('health: ready until a stop is asked for', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, {
    services: { orders: { prefix: '/orders', upstream: upstream.url } },
  })
  t.match((await gateway.app.inject('/livez')).json(), { status: 'ok' })
  t.match((await gateway.app.inject('/readyz')).json(), { status: 'ready' })
})

test('what is no HTTP is answered with 400 and reaches no upstream', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, {
    server: { port: 0 },
    services: { orders: { prefix: '/orders', upstream: upstream.url } },
  })
  const { address } = await gateway.listen()
  const { connect } = await import('node:net')
  const { text } = await import('node:stream/consumers')
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write(
    'POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  const answer = await text(socket)
  t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(answer, 'application/problem+json')
  t.equal(upstream.requests.length, 0)
})

test('a request body is forwarded up to the limit, whether its length is known or not', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, {
    server: { port: 0, bodyLimit: 1000 },
    services: {
      orders: { prefix: '/orders', upstream: upstream.url, circuitBreaker: { consecutiveFailures: 1 } },
    },
  })
  const { address } = await gateway.listen()
  const post = async (length: number, chunked: boolean) => {
    const bytes = Buffer.alloc(length, 'a')
    const body = chunked ? new Blob([bytes]).stream() : bytes
    const answer = await fetch(`${address}/orders`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    return [answer.status, ((await answer.json()) as { code?: string }).code]
  }
  for (const chunked of [false, true]) {
    t.equal((await post(1000, chunked))[0], 200)
    t.strictSame(await post(1001, chunked), [413, 'SLUICE_BODY_TOO_LARGE'])
  }
  t.equal(
    gateway.app.circuitBreakers.get('orders')?.state,
    'closed',
    'the client’s doing, not the upstream’s',
  )
})
