/** What is counted and what the client gets, for everything that can happen to a request on the wire. */
import httpProxy from '@fastify/http-proxy'
import { test } from 'tap'
import { type Agent, request } from 'undici'
import { closedOrigin, notFound, until, type UpstreamServer } from '../upstream-server.ts'
import { get, type Routes, startApp } from './app.ts'

export type Via = 'handler' | 'http-proxy'
type OriginOf = (upstream: UpstreamServer) => string

/** The same upstream behind a handler that streams, and behind a bare proxy. */
export function through(via: Via, originOf: OriginOf = ({ origin }) => origin): Routes {
  const config = { circuitBreaker: 'upstream' }
  return (app, upstream, agent) => {
    const origin = originOf(upstream)
    if (via === 'http-proxy') {
      const replyOptions = { retryDelay: () => null }
      void app.register(httpProxy, { upstream: origin, config, undici: agent, replyOptions, websocket: true })
      return
    }
    app.get('/*', { config }, async (incoming, reply) => {
      const { statusCode, headers, body } = await request(origin + incoming.url, {
        dispatcher: agent,
        signal: incoming.signal,
      })
      return reply.code(statusCode).headers(headers).send(body)
    })
  }
}

interface Row {
  readonly title: string
  readonly path: string
  /** What the client gets through a handler, and through http-proxy where that is not the same. */
  readonly client: string | readonly [string, string]
  readonly outcome: string | RegExp
  readonly agent?: Agent.Options
  readonly origin?: OriginOf
}

const matrix: readonly Row[] = [
  { title: 'an answer', path: '/ok', client: '200', outcome: 'success' },
  { title: 'a large answer', path: '/big', client: '200', outcome: 'success' },
  { title: 'a 404', path: '/status?code=404', client: '404', outcome: 'success' },
  { title: 'a 429', path: '/status?code=429', client: '429', outcome: 'ignored' },
  { title: 'a 500', path: '/status?code=500', client: '500', outcome: 'failure:status:500' },
  { title: 'a 501', path: '/status?code=501', client: '501', outcome: 'ignored' },
  { title: 'a 503', path: '/status?code=503', client: '503', outcome: 'failure:status:503' },
  {
    title: 'a reset before the headers',
    path: '/reset-before',
    client: '500',
    outcome: 'failure:network:ECONNRESET',
  },
  {
    title: 'a close before the headers',
    path: '/close-before',
    client: '500',
    outcome: 'failure:network:UND_ERR_SOCKET',
  },
  {
    title: 'a reset in the body',
    path: '/reset-mid',
    client: '200 broken',
    outcome: 'failure:network:ECONNRESET',
  },
  {
    title: 'a close in the body',
    path: '/close-mid',
    client: '200 broken',
    outcome: 'failure:network:UND_ERR_SOCKET',
  },
  {
    title: 'no headers in time',
    path: '/hang',
    client: ['500', '504'],
    outcome: 'failure:timeout:UND_ERR_HEADERS_TIMEOUT',
    agent: { headersTimeout: 50 },
  },
  {
    title: 'no body in time',
    path: '/stall',
    client: '200 broken',
    outcome: 'failure:timeout:UND_ERR_BODY_TIMEOUT',
    agent: { bodyTimeout: 50 },
  },
  {
    title: 'no connection in time',
    path: '/ok',
    client: ['500', '504'],
    outcome: 'failure:timeout:UND_ERR_CONNECT_TIMEOUT',
    agent: { connect: { timeout: 50, lookup: () => {} } },
    origin: ({ port }) => `http://name.invalid:${port}`,
  },
  {
    title: 'a name that does not resolve',
    path: '/ok',
    client: ['500', '503'],
    outcome: 'failure:network:ENOTFOUND',
    agent: { connect: { lookup: notFound } },
    origin: ({ port }) => `http://name.invalid:${port}`,
  },
  {
    title: 'a TLS handshake that fails',
    path: '/ok',
    client: '500',
    outcome: /^failure:network:(ERR_SSL|EPROTO)/,
    origin: ({ port }) => `https://127.0.0.1:${port}`,
  },
]

export function testMatrix(via: Via): void {
  for (const { title, path, client, outcome, agent, origin } of matrix) {
    test(`${via}: ${title} is counted as ${String(outcome)}`, async (t) => {
      const seen = typeof client === 'string' ? client : client[via === 'handler' ? 0 : 1]
      const app = await startApp(t, through(via, origin), agent && { agent })
      t.equal(await get(app.origin + path), seen)
      await until(() => app.outcomes.length > 0)
      t.match(app.outcomes, [outcome])
      t.equal(app.outcomes.length, 1)
    })
  }

  test(`${via}: a refused connection is a failure`, async (t) => {
    const origin = await closedOrigin()
    const app = await startApp(
      t,
      through(via, () => origin),
    )
    t.equal(await get(`${app.origin}/ok`), '500')
    t.strictSame(app.outcomes, ['failure:network:ECONNREFUSED'])
  })

  test(`${via}: a client that leaves before the headers is ignored`, async (t) => {
    const { origin, upstream, outcomes } = await startApp(t, through(via))
    const abort = new AbortController()
    const response = fetch(`${origin}/hang`, { signal: abort.signal })
    await until(() => upstream.seen.length === 1)
    abort.abort()
    await t.rejects(response)
    await until(() => outcomes.length > 0)
    t.strictSame(outcomes, ['ignored'])
  })

  test(`${via}: a client that leaves in the body is ignored, and the upstream learns of it`, async (t) => {
    const { origin, upstream, outcomes } = await startApp(t, through(via))
    const abort = new AbortController()
    const response = await fetch(`${origin}/stall`, { signal: abort.signal })
    t.equal(response.status, 200)
    abort.abort()
    await until(() => upstream.abandoned.length === 1 && outcomes.length > 0)
    t.strictSame(outcomes, ['ignored'])
  })

  test(`${via}: Server-Sent Events count at their headers`, async (t) => {
    const { origin, upstream, outcomes } = await startApp(t, through(via))
    const response = await fetch(`${origin}/sse`)
    t.equal(response.status, 200)
    t.strictSame(outcomes, ['success'])
    upstream.dropAll()
    await t.rejects(response.text())
    t.strictSame(outcomes, ['success'])
  })

  test(`${via}: what is refused does not reach the upstream`, async (t) => {
    const { origin, upstream, outcomes, breakers } = await startApp(t, through(via))
    breakers.open('upstream')
    t.equal(await get(`${origin}/ok`), '503')
    t.strictSame(outcomes, ['reject'])
    t.strictSame(upstream.seen, [])
  })
}
