/** What counts beyond the wire: errors of handlers, other plugins, permits per attempt, and what peers get wrong. */
import { once } from 'node:events'
import { type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import { test } from 'tap'
import { type Agent, fetch as undiciFetch, request } from 'undici'
import { circuitBreaker, createCircuitBreaker, type RouteBreakerOptions } from '../../src/index.ts'
import { circuitBreakerInterceptor } from '../../src/undici/index.ts'
import { closedOrigin, recordOutcomes, startUpstream, until } from '../upstream-server.ts'
import { get, startApp } from './app.ts'

const config = { circuitBreaker: 'upstream' }

function failing(statusCode?: number): Error {
  return Object.assign(new Error('failed'), statusCode && { statusCode })
}

test('errors of the handler count by the status they are answered with', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/:status', { config }, async ({ params }) => {
      throw failing(Number((params as { status: string }).status) || undefined)
    })
  })
  for (const path of ['/0', '/500', '/503', '/404', '/429', '/501']) await get(origin + path)
  t.strictSame(outcomes, [
    'failure:status:500',
    'failure:status:500',
    'failure:status:503',
    'success',
    'ignored',
    'ignored',
  ])
})

test('an error handler of the app sees the error and answers as ever', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.setErrorHandler((error, _request, reply) =>
      reply.code(418).send({ teapot: (error as Error).message }),
    )
    app.get('/app', { config }, async () => Promise.reject(failing()))
    app.get(
      '/route',
      { config, errorHandler: (_error, _request, reply) => reply.code(502).send('route') },
      async () => Promise.reject(failing()),
    )
    app.get('/no-error', { config }, async () => {
      // oxlint-disable-next-line typescript/only-throw-error -- what is not an Error must get through as well
      throw 'text'
    })
  })
  t.strictSame(await (await fetch(`${origin}/app`)).json(), { teapot: 'failed' })
  t.equal(await (await fetch(`${origin}/route`)).text(), 'route')
  t.equal(await get(`${origin}/no-error`), '418')
  t.strictSame(outcomes, ['failure:status:500', 'failure:status:500', 'failure:status:500'])
})

test('the permit of a request is the handler’s to settle, once', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/', { config }, async ({ circuitBreaker }) => {
      circuitBreaker?.failure({ kind: 'error', detail: 'graphql' })
      return { errors: ['with status 200'] }
    })
  })
  t.equal(await get(origin), '200')
  t.strictSame(outcomes, ['failure:error:graphql'])
})

test('web streams and Responses count at their ends', async (t) => {
  const { origin, upstream, outcomes } = await startApp(t, (app, { origin: to }, dispatcher: Agent) => {
    app.get('/response/*', { config }, async ({ url }) => undiciFetch(to + url.slice(9), { dispatcher }))
    app.get('/stream/*', { config }, async ({ url }, reply) => {
      const { body } = await undiciFetch(to + url.slice(7), { dispatcher })
      return reply.send(body)
    })
  })
  for (const kind of ['response', 'stream']) {
    t.equal(await get(`${origin}/${kind}/big`), '200')
    t.equal(await get(`${origin}/${kind}/reset-mid`), '200 broken')
    const abort = new AbortController()
    await fetch(`${origin}/${kind}/stall`, { signal: abort.signal })
    abort.abort()
    await until(() => outcomes.length === 3)
    t.match(outcomes.splice(0), ['success', /^failure:network/, 'ignored'])
  }
  t.equal(await get(`${origin}/response/status?code=503`), '503')
  t.match(outcomes.splice(0), ['failure:status:503'])
  const events = await fetch(`${origin}/response/sse`)
  t.strictSame(outcomes, ['success'])
  upstream.dropAll()
  await t.rejects(events.text())
})

test('countBody: false counts at the headers', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/', { config: { circuitBreaker: { name: 'upstream', countBody: false } } }, async () => {
      return new Readable({
        read() {
          this.push('piece')
          this.destroy(new Error('broken'))
        },
      })
    })
  })
  await get(origin).catch(() => {})
  t.strictSame(outcomes, ['success'])
})

test('a hook of another plugin that fails after the answer is not the upstream’s failure', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 200) throw failing()
    })
    app.get('/', { config, onSend: async () => Promise.reject(failing()) }, async () => 'ok')
  })
  t.equal(await get(origin), '500')
  t.equal(outcomes.length, 1)
})

test("permit: 'attempt' takes none, refuses while open, and answers a refused attempt as the gate would", async (t) => {
  const breaker = createCircuitBreaker({ name: 'other' })
  const options: RouteBreakerOptions = { name: 'upstream', permit: 'attempt' }
  const { origin, upstream, outcomes, breakers } = await startApp(t, (app, { origin: to }, agent: Agent) => {
    const own = app.circuitBreakers.ensure('upstream')
    const dispatcher = agent.compose(circuitBreakerInterceptor(own), circuitBreakerInterceptor(breaker))
    app.get('/*', { config: { circuitBreaker: options } }, async ({ url }) =>
      undiciFetch(to + url, { dispatcher }),
    )
  })
  t.equal(await get(`${origin}/ok`), '200')
  await until(() => outcomes.length === 1)
  t.strictSame(outcomes, ['success'])
  breaker.open({ forMs: 7_000 })
  const refused = await fetch(`${origin}/ok`)
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '7')
  t.match(await refused.json(), { code: 'SLUICE_BREAKER_OPEN', circuitBreaker: 'other' })
  breakers.open('upstream')
  t.match(await (await fetch(`${origin}/ok`)).json(), { circuitBreaker: 'upstream' })
  t.strictSame(outcomes, ['success', 'reject'])
  t.equal(upstream.seen.length, 1)
})

test("permit: 'attempt' with a time limit: the attempt below is aborted and counts as a timeout", async (t) => {
  const options: RouteBreakerOptions = { name: 'upstream', permit: 'attempt', timeoutMs: 50 }
  const { origin, upstream, outcomes } = await startApp(t, (app, { origin: to }, agent: Agent) => {
    const dispatcher = agent.compose(circuitBreakerInterceptor(app.circuitBreakers.ensure('upstream')))
    app.get('/*', { config: { circuitBreaker: options } }, async ({ url, signal }) =>
      undiciFetch(to + url, { dispatcher, signal }),
    )
  })
  t.equal(await get(`${origin}/hang`), '504')
  await until(() => outcomes.length === 1 && upstream.abandoned.length === 1)
  t.match(outcomes, [/^failure:timeout/])
})

test('a breaker further down that refuses is not this route’s failure', async (t) => {
  const auth = createCircuitBreaker({ name: 'auth' })
  auth.open()
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/', { config }, async () => auth.execute(async () => 'never'))
  })
  const response = await fetch(origin)
  t.equal(response.status, 503)
  t.match(await response.json(), { circuitBreaker: 'auth' })
  t.strictSame(outcomes, ['ignored'])
})

const sensitive = { circuitBreaker: { name: 'upstream', consecutiveFailures: 3, minimumCalls: 100 } }

test('peers: the answer that trips the breaker reaches the client unchanged (@fastify/circuit-breaker)', async (t) => {
  const { origin, breakers } = await startApp(t, (app) => {
    app.get('/', { config: sensitive }, async (_request, reply) => reply.code(500).send('the real reason'))
  })
  for (let call = 0; call < 3; call++) t.equal(await (await fetch(origin)).text(), 'the real reason')
  t.equal(breakers.get('upstream')?.state, 'open')
  t.equal(await get(origin), '503')
})

test('peers: concurrent failures do not let more than one probe through (@fastify/circuit-breaker)', async (t) => {
  let inside = 0
  const { origin, breakers } = await startApp(t, (app) => {
    const open = { durationMs: 50, jitter: 0 }
    const options = { ...sensitive.circuitBreaker, open, probe: { max: 1, concurrency: 1 } }
    app.get('/fail', { config: { circuitBreaker: options } }, async () => Promise.reject(failing()))
    app.get('/probe', { config: { circuitBreaker: 'upstream' } }, async () => {
      inside++
      await new Promise((done) => setTimeout(done, 100))
      return 'ok'
    })
  })
  await Promise.all(Array.from({ length: 50 }, async () => get(`${origin}/fail`)))
  await until(() => breakers.get('upstream')?.state === 'half-open')
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => get(`${origin}/probe`)))
  t.equal(inside, 1)
  t.equal(statuses.filter((status) => status === '200').length, 1)
})

test('peers: clients that leave their probes do not close the route forever (@fastify/circuit-breaker)', async (t) => {
  const { origin, breakers, outcomes } = await startApp(t, (app, { origin: to }, dispatcher: Agent) => {
    const open = { durationMs: 30, jitter: 0 }
    const options = { ...sensitive.circuitBreaker, open, probe: { max: 1 }, recovery: { rampMs: 0 } }
    app.get('/*', { config: { circuitBreaker: options } }, async ({ url, signal }) =>
      undiciFetch(to + url, { dispatcher, signal }),
    )
  })
  for (let call = 0; call < 3; call++) await get(`${origin}/status?code=500`)
  for (let probe = 0; probe < 3; probe++) {
    await until(() => breakers.get('upstream')?.state === 'half-open')
    await fetch(`${origin}/hang`, { signal: AbortSignal.timeout(50) }).catch(() => {})
    await until(() => outcomes.filter((outcome) => outcome === 'ignored').length === probe + 1)
  }
  t.equal(await get(`${origin}/ok`), '200')
  t.equal(breakers.get('upstream')?.state, 'closed')
})

test('peers: a result from before the trip does not close the breaker (opossum, @fastify/circuit-breaker)', async (t) => {
  const slow: (() => void)[] = []
  const { origin, breakers, outcomes } = await startApp(t, (app) => {
    app.get('/fail', { config: sensitive }, async () => Promise.reject(failing()))
    app.get('/slow', { config: { circuitBreaker: 'upstream' } }, async () => {
      await new Promise<void>((done) => slow.push(done))
      return 'from before'
    })
  })
  const late = get(`${origin}/slow`)
  await until(() => slow.length === 1)
  for (let call = 0; call < 3; call++) await get(`${origin}/fail`)
  slow[0]?.()
  t.equal(await late, '200')
  await until(() => outcomes.includes('success'))
  t.equal(breakers.get('upstream')?.state, 'open')
})

test('peers: 501 routes work at once (@fastify/circuit-breaker keeps 500)', async (t) => {
  const { app, origin, breakers } = await startApp(t, (instance) => {
    for (let route = 0; route < 501; route++) {
      instance.get(`/${route}`, { exposeHeadRoute: false, config: { circuitBreaker: {} } }, async () => 'ok')
    }
  })
  t.equal(breakers.list().length, 501)
  for (const route of [0, 250, 500]) t.equal((await app.inject(`/${route}`)).statusCode, 200)
  t.equal(await get(`${origin}/0`), '200')
})

test('peers: refusals of our own do not count as failures (opossum)', async (t) => {
  const { origin, breakers } = await startApp(
    t,
    (app) => {
      app.get('/', { config }, async () => new Promise((done) => setTimeout(done, 100, 'ok')))
    },
    { plugin: { breakers: { upstream: { bulkhead: { max: 1 }, minimumCalls: 1 } } } },
  )
  const statuses = await Promise.all(Array.from({ length: 10 }, async () => get(origin)))
  t.ok(statuses.includes('503'))
  t.equal(breakers.get('upstream')?.state, 'closed')
  t.equal(breakers.get('upstream')?.snapshot().totals.failures, 0)
})

test('peers: each request has a signal of its own (opossum#780)', async (t) => {
  const signals: AbortSignal[] = []
  const { origin } = await startApp(t, (app) => {
    const limited = { circuitBreaker: { name: 'upstream', timeoutMs: 50 } }
    app.get('/hang', { config: limited }, async ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    app.get('/ok', { config: limited }, async ({ signal }) => {
      signals.push(signal)
      return 'ok'
    })
  })
  t.equal(await get(`${origin}/hang`), '504')
  t.equal(await get(`${origin}/ok`), '200')
  t.strictSame(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
})

test('a refused connection answers with the original error when there is no fallback', async (t) => {
  const to = await closedOrigin()
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/', { config }, async () => undiciFetch(to))
  })
  t.match(await (await fetch(origin)).json(), { message: 'fetch failed' })
  t.strictSame(outcomes, ['failure:network:ECONNREFUSED'])
})

test('HTTP/2: streams that end, break, take too long, and that clients cancel', async (t) => {
  const upstream = await startUpstream()
  const app = Fastify({ http2: true })
  await app.register(circuitBreaker)
  app.get(
    '/*',
    { config: { circuitBreaker: { name: 'upstream', timeoutMs: 200 } } },
    async (incoming, reply) => {
      const { body } = await request(upstream.origin + incoming.url, { signal: incoming.signal })
      return reply.send(body)
    },
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
  const outcomes = recordOutcomes(app.circuitBreakers)
  const { port } = app.server.address() as AddressInfo
  const client = connect(`http://127.0.0.1:${port}`)
  t.teardown(async () => {
    client.destroy()
    await upstream.close()
    await app.close()
  })
  const open = (path: string): ClientHttp2Stream => {
    const stream = client.request({ ':path': path })
    stream.on('error', () => {})
    return stream.resume()
  }
  for (const path of ['/ok', '/reset-mid', '/hang']) await once(open(path), 'close')
  for (const path of ['/hang', '/stall']) {
    const before = upstream.seen.length
    const stream = open(path)
    await until(() => upstream.seen.length > before)
    stream.close(constants.NGHTTP2_CANCEL)
    await once(stream, 'close')
    await until(() => outcomes.includes('ignored'))
    t.equal(outcomes.pop(), 'ignored')
  }
  t.match(outcomes, ['success', /^failure:network/, /^failure:timeout/])
  t.equal(outcomes.length, 3)
})
