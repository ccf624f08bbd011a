import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { test, type Test } from 'tap'
import { Agent, type Dispatcher, fetch, interceptors, request, stream, upgrade } from 'undici'
import { Writable } from 'node:stream'
import {
  type BreakerOptions,
  BreakerRegistry,
  createCircuitBreaker,
  type CircuitBreaker,
} from '../../src/index.ts'
import { circuitBreakerInterceptor, type InterceptorOptions } from '../../src/undici/index.ts'
import {
  closedOrigin,
  notFound,
  recordOutcomes,
  startUpstream,
  until,
  type UpstreamServer,
} from '../upstream-server.ts'

interface Guarded {
  readonly breaker: CircuitBreaker
  readonly agent: Agent
  readonly dispatcher: Dispatcher
  readonly upstream: UpstreamServer
  readonly outcomes: string[]
}

interface Setup {
  readonly breaker?: BreakerOptions
  readonly interceptor?: InterceptorOptions
  readonly agent?: Agent.Options
}

async function setUp(t: Test, options: Setup = {}): Promise<Guarded> {
  const upstream = await startUpstream()
  const agent = new Agent(options.agent)
  const breaker = createCircuitBreaker({ name: 'upstream', ...options.breaker })
  t.teardown(async () => {
    await agent.destroy()
    await upstream.close()
  })
  const dispatcher = agent.compose(circuitBreakerInterceptor(breaker, options.interceptor))
  return { breaker, agent, upstream, dispatcher, outcomes: recordOutcomes(breaker) }
}

/** What a caller sees of one request: the status, or the code of the error before or in the body. */
async function see(url: string, dispatcher: Dispatcher, signal?: AbortSignal): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { dispatcher, ...(signal && { signal }) })
    try {
      await body.text()
      return String(statusCode)
    } catch (error) {
      return `${statusCode} then ${codeOf(error)}`
    }
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name: string }
  return typeof code === 'string' ? code : name
}

interface Row {
  readonly title: string
  readonly path: string
  readonly seen: string | RegExp
  readonly outcome: string
  readonly setup?: Setup
}

const matrix: readonly Row[] = [
  { title: 'an answer', path: '/ok', seen: '200', outcome: 'success' },
  { title: 'a large answer', path: '/big', seen: '200', outcome: 'success' },
  { title: 'a 404', path: '/status?code=404', seen: '404', outcome: 'success' },
  { title: 'a 429', path: '/status?code=429', seen: '429', outcome: 'ignored' },
  { title: 'a 500', path: '/status?code=500', seen: '500', outcome: 'failure:status:500' },
  { title: 'a 501', path: '/status?code=501', seen: '501', outcome: 'ignored' },
  { title: 'a 503', path: '/status?code=503', seen: '503', outcome: 'failure:status:503' },
  {
    title: 'a reset before the headers',
    path: '/reset-before',
    seen: 'ECONNRESET',
    outcome: 'failure:network:ECONNRESET',
  },
  {
    title: 'a close before the headers',
    path: '/close-before',
    seen: 'UND_ERR_SOCKET',
    outcome: 'failure:network:UND_ERR_SOCKET',
  },
  {
    title: 'a reset in the body',
    path: '/reset-mid',
    seen: '200 then ECONNRESET',
    outcome: 'failure:network:ECONNRESET',
  },
  {
    title: 'a close in the body',
    path: '/close-mid',
    seen: '200 then UND_ERR_SOCKET',
    outcome: 'failure:network:UND_ERR_SOCKET',
  },
  {
    title: 'no headers in time',
    path: '/hang',
    seen: 'UND_ERR_HEADERS_TIMEOUT',
    outcome: 'failure:timeout:UND_ERR_HEADERS_TIMEOUT',
    setup: { agent: { headersTimeout: 50 } },
  },
  {
    title: 'no body in time',
    path: '/stall',
    seen: '200 then UND_ERR_BODY_TIMEOUT',
    outcome: 'failure:timeout:UND_ERR_BODY_TIMEOUT',
    setup: { agent: { bodyTimeout: 50 } },
  },
  {
    title: 'no connection in time',
    path: '/ok',
    seen: 'UND_ERR_CONNECT_TIMEOUT',
    outcome: 'failure:timeout:UND_ERR_CONNECT_TIMEOUT',
    setup: { agent: { connect: { timeout: 50, lookup: () => {} } } },
  },
  {
    title: 'a name that does not resolve',
    path: '/ok',
    seen: 'ENOTFOUND',
    outcome: 'failure:network:ENOTFOUND',
    setup: { agent: { connect: { lookup: notFound } } },
  },
]

for (const { title, path, seen, outcome, setup } of matrix) {
  test(`${title}: the caller sees ${seen}, counted as ${outcome}`, async (t) => {
    const { dispatcher, upstream, outcomes } = await setUp(t, setup)
    const { origin } = upstream
    t.match(
      await see(
        setup?.agent?.connect ? origin.replace('127.0.0.1', 'name.invalid') + path : origin + path,
        dispatcher,
      ),
      seen,
    )
    await until(() => outcomes.length > 0)
    t.strictSame(outcomes, [outcome])
  })
}

test('a refused connection is a failure', async (t) => {
  const { dispatcher, outcomes } = await setUp(t)
  t.equal(await see(await closedOrigin(), dispatcher), 'ECONNREFUSED')
  t.strictSame(outcomes, ['failure:network:ECONNREFUSED'])
})

test('a TLS handshake that fails is a failure', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  t.match(await see(upstream.origin.replace('http:', 'https:'), dispatcher), /^(ERR_SSL|EPROTO)/)
  t.match(outcomes, [/^failure:network:(ERR_SSL|EPROTO)/])
})

test('a caller that gives up before the headers is ignored, and the upstream learns of it', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const abort = new AbortController()
  const seen = see(`${upstream.origin}/hang`, dispatcher, abort.signal)
  await until(() => upstream.seen.length === 1)
  abort.abort()
  t.equal(await seen, 'AbortError')
  await until(() => upstream.abandoned.length === 1)
  t.strictSame(outcomes, ['ignored'])
})

test('a caller that gives up in the body is ignored', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const { body } = await request(`${upstream.origin}/stall`, { dispatcher })
  body.on('error', () => {})
  await once(body, 'readable')
  body.destroy()
  await until(() => upstream.abandoned.length === 1 && outcomes.length === 1)
  t.strictSame(outcomes, ['ignored'])
})

test("a caller's own time limit is a timeout of the upstream", async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  t.equal(await see(`${upstream.origin}/hang`, dispatcher, AbortSignal.timeout(50)), 'TimeoutError')
  t.strictSame(outcomes, ['failure:timeout:TimeoutError'])
})

test('bad arguments and closed agents are nobody else’s failure', async (t) => {
  const { agent, dispatcher, outcomes, upstream } = await setUp(t)
  const badHeader = { 'bad name': 'x' }
  await t.rejects(request(upstream.origin, { dispatcher, headers: badHeader }), {
    code: 'UND_ERR_INVALID_ARG',
  })
  await agent.close()
  t.equal(await see(upstream.origin, dispatcher), 'UND_ERR_DESTROYED')
  t.strictSame(outcomes, ['ignored', 'ignored'])
})

test('an open breaker refuses with BreakerOpenError and sends nothing', async (t) => {
  const { breaker, dispatcher, outcomes, upstream } = await setUp(t)
  breaker.open()
  const refused = { code: 'SLUICE_BREAKER_OPEN', statusCode: 503, breaker: 'upstream' }
  await t.rejects(request(upstream.origin, { dispatcher }), refused)
  await t.rejects(fetch(upstream.origin, { dispatcher }), { cause: refused })
  await t.rejects(
    stream(upstream.origin, { dispatcher, method: 'GET' }, () => new Writable()),
    refused,
  )
  t.strictSame(upstream.seen, [])
  t.strictSame(outcomes, ['reject', 'reject', 'reject'])
})

test('fetch settles at the end of its body', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const response = await fetch(`${upstream.origin}/stall`, { dispatcher })
  t.equal(response.status, 200)
  t.strictSame(outcomes, [])
  upstream.dropAll()
  await t.rejects(response.text())
  t.match(outcomes, [/^failure:network/])
})

test('fetch that is aborted is ignored', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const abort = new AbortController()
  const response = fetch(`${upstream.origin}/hang`, { dispatcher, signal: abort.signal })
  await until(() => upstream.seen.length === 1)
  abort.abort()
  await t.rejects(response, { name: 'AbortError' })
  await until(() => outcomes.length === 1)
  t.strictSame(outcomes, ['ignored'])
})

test('Server-Sent Events count at their headers', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const { body } = await request(`${upstream.origin}/sse`, { dispatcher })
  t.strictSame(outcomes, ['success'])
  upstream.dropAll()
  await t.rejects(body.text())
  t.strictSame(outcomes, ['success'])
})

test('countBody: false counts every answer at its headers', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t, { interceptor: { countBody: false } })
  t.match(await see(`${upstream.origin}/reset-mid`, dispatcher), /^200 then/)
  t.strictSame(outcomes, ['success'])
})

test('a HEAD request is complete with its headers', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  await request(`${upstream.origin}/big`, { dispatcher, method: 'HEAD' })
  t.strictSame(outcomes, ['success'])
})

test('a WebSocket handshake counts when it is made, its drop does not', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  const { socket } = await upgrade(`${upstream.origin}/drop`, { dispatcher, protocol: 'echo' })
  socket.on('error', () => {})
  t.strictSame(outcomes, ['success'])
  socket.resume()
  await once(socket, 'close')
  t.strictSame(outcomes, ['success'])
})

test('a WebSocket handshake that is refused counts by its status', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  await t.rejects(upgrade(`${upstream.origin}/refuse`, { dispatcher, protocol: 'echo' }))
  t.strictSame(outcomes, ['failure:status:503'])
})

test('timeoutMs aborts an attempt that does not answer', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t, { interceptor: { timeoutMs: 50 } })
  t.equal(await see(`${upstream.origin}/hang`, dispatcher), 'SLUICE_BREAKER_TIMEOUT')
  await until(() => upstream.abandoned.length === 1)
  t.strictSame(outcomes, ['failure:timeout:SLUICE_BREAKER_TIMEOUT'])
})

test('timeoutMs counts the time for a connection, and a connection that comes later sends nothing', async (t) => {
  let resolve: Parameters<LookupFunction>[2] | undefined
  const lookup: LookupFunction = (_name, _options, found) => {
    resolve = found
  }
  const { dispatcher, outcomes, upstream } = await setUp(t, {
    interceptor: { timeoutMs: 50 },
    agent: { connect: { lookup } },
  })
  t.equal(await see(`http://late.invalid:${upstream.port}/ok`, dispatcher), 'SLUICE_BREAKER_TIMEOUT')
  t.strictSame(outcomes, ['failure:timeout:SLUICE_BREAKER_TIMEOUT'])
  resolve?.(null, [{ address: '127.0.0.1', family: 4 }])
  t.equal(await see(`${upstream.origin}/ok`, dispatcher), '200')
  t.strictSame(upstream.seen, ['GET /ok'])
})

test("the breaker's own timeoutMs applies, and ends with the headers", async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t, { breaker: { timeoutMs: 100 } })
  t.equal(await see(`${upstream.origin}/hang`, dispatcher), 'SLUICE_BREAKER_TIMEOUT')
  const { body } = await request(`${upstream.origin}/stall`, { dispatcher })
  await new Promise((done) => setTimeout(done, 200))
  upstream.endAll()
  t.equal(await body.text(), 'first piece')
  t.strictSame(outcomes, ['failure:timeout:SLUICE_BREAKER_TIMEOUT', 'success'])
})

test('apache/shenyu #6584: below a retry the breaker sees each attempt, and a refusal is not retried', async (t) => {
  const { agent, breaker, outcomes, upstream } = await setUp(t, {
    breaker: { consecutiveFailures: 2, minimumCalls: 100 },
  })
  const retrying = agent.compose(
    circuitBreakerInterceptor(breaker),
    interceptors.retry({ maxRetries: 5, minTimeout: 1, throwOnError: false }),
  )
  t.equal(await see(`${upstream.origin}/status?code=503`, retrying), 'SLUICE_BREAKER_OPEN')
  t.strictSame(outcomes, ['failure:status:503', 'failure:status:503', 'reject'])
  t.equal(upstream.seen.length, 2)
})

test('a retry that throws for a 503 settles the attempt once', async (t) => {
  const { agent, breaker, outcomes, upstream } = await setUp(t)
  const retrying = agent.compose(circuitBreakerInterceptor(breaker), interceptors.retry({ maxRetries: 0 }))
  t.equal(await see(`${upstream.origin}/status?code=503`, retrying), 'UND_ERR_REQ_RETRY')
  t.strictSame(outcomes, ['failure:status:503'])
})

test('the breaker may depend on the request, or be none', async (t) => {
  const { agent, upstream } = await setUp(t)
  const orders = createCircuitBreaker({ name: 'orders' })
  const outcomes = recordOutcomes(orders)
  const dispatcher = agent.compose(
    circuitBreakerInterceptor(({ path }) => (path.startsWith('/ok') ? orders : undefined)),
  )
  await see(`${upstream.origin}/ok`, dispatcher)
  await see(`${upstream.origin}/big`, dispatcher)
  t.strictSame(outcomes, ['success'])
})

test('what the receiver of an answer throws is not the upstream’s failure', async (t) => {
  const { dispatcher, outcomes, upstream } = await setUp(t)
  await t.rejects(
    stream(`${upstream.origin}/ok`, { dispatcher, method: 'GET' }, () => {
      throw new Error('no place to write to')
    }),
    { message: 'no place to write to' },
  )
  t.strictSame(outcomes, ['ignored'])
})

test('isFailure decides instead of failOn, and one that throws has said nothing', async (t) => {
  const isFailure: BreakerOptions['isFailure'] = ({ statusCode, error }) => {
    if (statusCode === 500) throw new Error('bug')
    return statusCode === 404 || error !== undefined
  }
  const { dispatcher, outcomes, upstream } = await setUp(t, { breaker: { isFailure } })
  for (const code of [404, 503, 500]) await see(`${upstream.origin}/status?code=${code}`, dispatcher)
  t.strictSame(outcomes, ['failure:status:404', 'success', 'ignored'])
})

test('failOn.network: false leaves errors of the connection out', async (t) => {
  const { dispatcher, outcomes } = await setUp(t, { breaker: { failOn: { network: false } } })
  await see(await closedOrigin(), dispatcher)
  t.strictSame(outcomes, ['ignored'])
})

test('a permit is given back when dispatch itself throws', async (t) => {
  const breaker = createCircuitBreaker({ name: 'upstream' })
  const dispatch = circuitBreakerInterceptor(breaker, { timeoutMs: 10_000 })(() => {
    throw new Error('broken')
  })
  t.throws(() => dispatch({ path: '/', method: 'GET' }, {}), { message: 'broken' })
  t.equal(breaker.snapshot().inFlight, 0)
  t.equal(breaker.snapshot().totals.ignored, 1)
})

test('breakers by key: each origin has its own', async (t) => {
  const { agent, upstream } = await setUp(t)
  const other = await startUpstream()
  t.teardown(() => other.close())
  const registry = new BreakerRegistry()
  const dispatcher = agent.compose(circuitBreakerInterceptor(registry.keyed('origins')))
  t.equal(await see(`${upstream.origin}/ok`, dispatcher), '200')
  registry.open(`origins:${upstream.origin}`)
  t.equal(await see(`${upstream.origin}/ok`, dispatcher), 'SLUICE_BREAKER_OPEN')
  t.equal(await see(`${other.origin}/ok`, dispatcher), '200')
})

test('honorRetryAfter: an answer that asks for a pause gets it', async (t) => {
  const { breaker, dispatcher, upstream, outcomes } = await setUp(t, {
    interceptor: { honorRetryAfter: [429, 503] },
  })
  t.equal(await see(`${upstream.origin}/status?code=429&retry-after=5`, dispatcher), '429')
  t.match(breaker.snapshot(), { state: 'open', reason: 'Retry-After' })
  t.equal(await see(`${upstream.origin}/ok`, dispatcher), 'SLUICE_BREAKER_OPEN')
  breaker.close()
  t.equal(await see(`${upstream.origin}/status?code=503&retry-after=5`, dispatcher), '503')
  t.equal(breaker.state, 'open')
  t.strictSame(outcomes, ['ignored', 'reject', 'failure:status:503'])
})

test('honorRetryAfter: off by default', async (t) => {
  const { breaker, dispatcher, upstream } = await setUp(t)
  await see(`${upstream.origin}/status?code=503&retry-after=5`, dispatcher)
  t.equal(breaker.state, 'closed')
})

test('bad options are refused at once', async (t) => {
  const breaker = createCircuitBreaker({ name: 'upstream' })
  const bad = { timeoutMs: 0, countBody: 1, honorRetryAfter: [200] } as unknown as InterceptorOptions
  t.throws(() => circuitBreakerInterceptor(breaker, bad), {
    code: 'SLUICE_BREAKER_OPTIONS',
    problems: [{ path: 'timeoutMs' }, { path: 'countBody' }, { path: 'honorRetryAfter' }],
  })
})

test('a bad timeoutMs is refused at once', async (t) => {
  const breaker = createCircuitBreaker({ name: 'upstream' })
  for (const timeoutMs of [0, -1, Number.NaN]) {
    t.throws(() => circuitBreakerInterceptor(breaker, { timeoutMs }), /timeoutMs: expected a number above 0/)
  }
})
