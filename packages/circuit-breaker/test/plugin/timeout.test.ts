import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import httpProxy from '@fastify/http-proxy'
import { test } from 'tap'
import { type Agent, request } from 'undici'
import { until } from '../upstream-server.ts'
import { get, startApp } from './app.ts'

const config = { circuitBreaker: { name: 'upstream', timeoutMs: 60 } }

test('no answer in time: 504 as a problem, counted as a timeout, and the work is aborted', async (t) => {
  const { origin, upstream, outcomes, breakers } = await startApp(t, (app, { origin: to }, dispatcher) => {
    app.get('/*', { config }, async ({ url, signal }, reply) => {
      const { body } = await request(to + url, { dispatcher, signal })
      return reply.send(body)
    })
  })
  const response = await fetch(`${origin}/hang`)
  t.equal(response.status, 504)
  t.equal(response.headers.get('content-type'), 'application/problem+json')
  t.match(await response.json(), {
    type: 'about:blank',
    title: 'Gateway Timeout',
    status: 504,
    code: 'SLUICE_BREAKER_TIMEOUT',
    circuitBreaker: 'upstream',
    detail: /did not answer within 60 ms/,
  })
  await until(() => upstream.abandoned.length === 1, 'the upstream to see the abort')
  t.match(outcomes, [/^failure:timeout/])
  t.equal(breakers.get('upstream')?.snapshot().totals.timeouts, 1)
  t.equal(await get(`${origin}/ok`), '200')
})

test('request.signal aborts with the timeout as its reason', async (t) => {
  let reason: unknown
  const { origin } = await startApp(t, (app) => {
    app.get('/', { config }, async ({ signal }) => {
      await once(signal, 'abort')
      reason = signal.reason
      return 'late'
    })
  })
  t.equal(await get(origin), '504')
  t.match(reason, { code: 'SLUICE_BREAKER_TIMEOUT', statusCode: 504, timeoutMs: 60 })
})

test('request.signal of a request with a body aborts when the client leaves, and not before', async (t) => {
  let before: boolean | undefined
  let signal: AbortSignal | undefined
  const { origin, outcomes } = await startApp(t, (app) => {
    app.post('/', { config: { circuitBreaker: 'upstream' } }, async (incoming) => {
      signal = incoming.signal
      await new Promise((done) => setTimeout(done, 50))
      before = signal.aborted
      await once(signal, 'abort')
    })
  })
  const abort = new AbortController()
  const headers = { 'content-type': 'application/json' }
  const response = fetch(origin, { method: 'POST', body: '{}', headers, signal: abort.signal })
  await until(() => before !== undefined)
  abort.abort()
  await t.rejects(response)
  await until(() => signal?.aborted === true)
  t.equal(before, false)
  t.strictSame(outcomes, ['ignored'])
})

test('the late answer is thrown away, whatever it is', async (t) => {
  const late: Readable[] = []
  const finished = new Set<string>()
  const { origin, outcomes } = await startApp(t, (app) => {
    const wait = (): Promise<void> => new Promise((done) => setTimeout(done, 150))
    const handlers = {
      value: async () => ({ late: true }),
      error: async () => Promise.reject(new Error('late')),
      stream: async () => {
        const stream = Readable.from(['late'])
        late.push(stream)
        return stream
      },
    }
    for (const [name, handler] of Object.entries(handlers)) {
      app.get(`/${name}`, { config }, async () => {
        await wait()
        finished.add(name)
        return handler()
      })
    }
    app.get('/callback', { config }, (_request, reply) => {
      void wait().then(() => {
        finished.add('callback')
        reply.code(200).header('x-late', 'yes').send('late')
      })
    })
  })
  for (const path of ['/value', '/error', '/stream', '/callback']) t.equal(await get(origin + path), '504')
  await until(() => finished.size === 4 && (late[0]?.destroyed ?? false))
  t.equal(outcomes.length, 4)
})

test('a late answer while another plugin still looks at the 504 changes nothing', async (t) => {
  const { origin } = await startApp(t, (app) => {
    app.addHook('onSend', async (_request, _reply, payload) => {
      await new Promise((done) => setTimeout(done, 100))
      return payload
    })
    app.get('/', { config }, async () => {
      await new Promise((done) => setTimeout(done, 90))
      return 'late'
    })
  })
  const response = await fetch(origin)
  t.equal(response.status, 504)
  t.match(await response.json(), { code: 'SLUICE_BREAKER_TIMEOUT' })
})

test('when a hook of another plugin fails on the 504, the client gets that error', async (t) => {
  const { origin } = await startApp(t, (app) => {
    app.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 504) throw new Error('hook failed')
    })
    app.get('/', { config }, async () => new Promise(() => {}))
  })
  const response = await fetch(origin)
  t.match(await response.json(), { message: 'hook failed' })
})

test('headers of the answer that did not come are not on the 504', async (t) => {
  const { origin } = await startApp(t, (app) => {
    app.addHook('onRequest', async (_request, reply) => void reply.header('x-request', 'kept'))
    app.get('/', { config }, (_request, reply) => {
      reply.header('content-encoding', 'gzip').header('content-length', '9999')
    })
  })
  const response = await fetch(origin)
  t.match(await response.json(), { code: 'SLUICE_BREAKER_TIMEOUT' })
  t.equal(response.headers.get('x-request'), 'kept')
  t.equal(response.headers.get('content-encoding'), null)
})

test('the limit ends with the headers: a long answer goes on', async (t) => {
  const { origin, upstream, outcomes } = await startApp(t, (app, { origin: to }, dispatcher) => {
    app.get('/*', { config }, async ({ url, signal }, reply) => {
      const { body } = await request(to + url, { dispatcher, signal })
      return reply.send(body)
    })
  })
  const response = await fetch(`${origin}/stall`)
  await new Promise((done) => setTimeout(done, 150))
  upstream.endAll()
  t.equal(await response.text(), 'first piece')
  await until(() => outcomes.length === 1)
  t.strictSame(outcomes, ['success'])
})

test('http-proxy, which passes no signal on: the late answer does not hold its connection', async (t) => {
  const slow = createServer((_request, response) => {
    setTimeout(() => response.write('and there is more'), 150)
  })
  await new Promise<void>((listening) => slow.listen(0, '127.0.0.1', listening))
  t.teardown(() => slow.close())
  const { port } = slow.address() as { port: number }
  const closed: unknown[] = []
  slow.on('connection', (socket) => socket.once('close', () => closed.push(socket)))
  const { origin } = await startApp(t, (app, _upstream, agent: Agent) => {
    void app.register(httpProxy, { upstream: `http://127.0.0.1:${port}`, config, undici: agent })
  })
  t.equal(await get(origin), '504')
  await until(() => closed.length > 0, 'the connection of the late answer')
})

test("the breaker's timeoutMs is the limit of routes that have none, and a route may ask for less", async (t) => {
  const { origin, outcomes } = await startApp(
    t,
    (app) => {
      const hang = async (): Promise<void> => new Promise(() => {})
      app.get('/breaker', { config: { circuitBreaker: 'limited' } }, hang)
      app.get('/route', { config: { circuitBreaker: { name: 'limited', timeoutMs: 30 } } }, hang)
    },
    { plugin: { breakers: { limited: { timeoutMs: 60 } } } },
  )
  t.match(await (await fetch(`${origin}/breaker`)).json(), { detail: /60 ms/ })
  t.match(await (await fetch(`${origin}/route`)).json(), { detail: /30 ms/ })
  t.equal(outcomes.length, 2)
})

test('a handler that has taken the reply over is not answered for', async (t) => {
  const { origin, outcomes } = await startApp(t, (app) => {
    app.get('/', { config }, (_request, reply) => {
      reply.hijack()
      setTimeout(() => reply.raw.end('by hand'), 150)
    })
  })
  const response = await fetch(origin)
  t.equal(await response.text(), 'by hand')
  t.match(outcomes, [/^failure:timeout/])
})
