/** `Retry-After` of an answer as a pause of the breaker, where a route asks for it. */
import { test } from 'tap'
import { request } from 'undici'
import type { RouteBreakerOptions } from '../../src/index.ts'
import { get, type Routes, startApp } from './app.ts'

/** Passes on what the upstream answers: as a stream, or as the `Response` of a `fetch`. */
function passing(options: RouteBreakerOptions): Routes {
  const config = { circuitBreaker: { name: 'upstream', ...options } }
  return (app, upstream, agent) => {
    app.get('/status', { config }, async ({ url }, reply) => {
      const { statusCode, headers, body } = await request(upstream.origin + url, { dispatcher: agent })
      return reply.code(statusCode).headers(headers).send(body)
    })
    app.get('/fetched/status', { config }, async ({ url }, reply) => {
      return reply.send(await fetch(upstream.origin + url.replace('/fetched', '')))
    })
  }
}

test('a 503 with Retry-After pauses the breaker, and its client gets it unchanged', async (t) => {
  for (const path of ['/status', '/fetched/status']) {
    const { origin, breakers, outcomes } = await startApp(t, passing({ honorRetryAfter: true }))
    const response = await fetch(`${origin}${path}?code=503&retry-after=7`)
    t.equal(response.status, 503)
    t.equal(response.headers.get('retry-after'), '7')
    t.equal(await response.text(), 'status body')
    t.match(breakers.get('upstream')?.snapshot(), { state: 'open', reason: 'Retry-After' })
    const refused = await fetch(`${origin}${path}?code=200`)
    t.match(await refused.json(), { code: 'SLUICE_BREAKER_OPEN', detail: /\(pause\)/, retryAfter: 7 })
    t.strictSame(outcomes, ['failure:status:503', 'reject'])
  }
})

test('Retry-After may be a date, and is never longer than open.maxMs', async (t) => {
  const open = { durationMs: 1_000, maxMs: 20_000 }
  const { origin, breakers } = await startApp(t, passing({ honorRetryAfter: true, open }))
  const date = new Date(Date.now() + 3_600_000).toUTCString()
  await get(`${origin}/status?code=503&retry-after=${encodeURIComponent(date)}`)
  const { retryAt = 0, since = 0 } = breakers.get('upstream')?.snapshot() ?? {}
  t.equal(retryAt - since, 20_000)
})

test('other statuses pause it where they are listed, and count as ever', async (t) => {
  const { origin, breakers, outcomes } = await startApp(t, passing({ honorRetryAfter: [429] }))
  await get(`${origin}/status?code=503&retry-after=7`)
  t.equal(breakers.get('upstream')?.state, 'closed')
  await get(`${origin}/status?code=429&retry-after=7`)
  t.equal(breakers.get('upstream')?.state, 'open')
  t.strictSame(outcomes, ['failure:status:503', 'ignored'])
})

test('nothing is paused by default, without the header, or by one that cannot be read', async (t) => {
  for (const [options, query] of [
    [{}, 'code=503&retry-after=7'],
    [{ honorRetryAfter: true }, 'code=503'],
    [{ honorRetryAfter: true }, 'code=503&retry-after=soon'],
    [{ honorRetryAfter: true }, 'code=503&retry-after=0'],
    [{ honorRetryAfter: true }, 'code=429&retry-after=7'],
  ] as const) {
    const { origin, breakers } = await startApp(t, passing(options))
    await get(`${origin}/status?${query}`)
    t.equal(breakers.get('upstream')?.state, 'closed', query)
  }
})
