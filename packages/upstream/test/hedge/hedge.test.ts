import { createCircuitBreaker } from '@sluice/circuit-breaker'
import { test } from 'tap'
import { createUpstream, type UpstreamOptions } from '../../src/index.ts'
import { hang, ok, startOrigin, status, until } from '../origin-server.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

function hedging(origins: UpstreamOptions['origins'], more: Partial<UpstreamOptions> = {}) {
  return createUpstream({ name: 'tail', origins, hedge: { minDelayMs: 50 }, ...more })
}

test('a second attempt overtakes one that hangs', async (t) => {
  const slow = await startOrigin(t)
  const fast = await startOrigin(t)
  const breaker = createCircuitBreaker({ name: 'tail' })
  const upstream = hedging([slow.url, fast.url], { breaker, outlier: false })
  t.teardown(() => upstream.dispatcher.destroy())
  for (let i = 0; i < 49; i++) await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(upstream.stats().hedges, 0, 'not before it knows what is usual')
  await upstream.dispatcher.request(get).then(({ body }) => body.dump())

  let [opened, closed] = [0, 0]
  slow.listener = (_request, response) => {
    opened++
    response.once('close', () => closed++)
  }
  const enough = (): boolean => opened >= 3
  while (!enough()) {
    const { body } = await upstream.dispatcher.request(get)
    t.equal(await body.text(), 'ok')
  }
  await until(() => closed === opened, 'the losers have been called back')
  await until(() => breaker.snapshot().inFlight === 0, 'each permit is back')
  const { failures, ignored } = breaker.snapshot().totals
  t.equal(failures, 0, 'they are nobody’s failure')
  t.ok(ignored >= 3)
})

test('waits for the other when one fails, and gives the error when both do', async (t) => {
  const one = await startOrigin(t)
  const upstream = hedging(one.url, { breaker: false })
  t.teardown(() => upstream.dispatcher.destroy())
  for (let i = 0; i < 60; i++) await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  const late: (() => void)[] = []
  one.listener = (request, response) => {
    if (late.length > 0) request.socket.destroy()
    late.push(() => ok(request, response))
  }
  const answer = upstream.dispatcher.request(get)
  await until(() => late.length === 2, 'the second attempt has come, and failed')
  late[0]?.()
  t.equal((await answer).statusCode, 200)

  let pending: (() => void) | undefined
  one.listener = (request) => {
    if (pending === undefined) pending = () => request.socket.destroy()
    else {
      request.socket.destroy()
      pending()
    }
  }
  await t.rejects(upstream.dispatcher.request(get), { code: 'SLUICE_UPSTREAM_RESET' })
})

test('an answer of whatever status wins, and a body is never sent twice', async (t) => {
  const one = await startOrigin(t)
  const upstream = hedging(one.url, { breaker: false })
  t.teardown(() => upstream.dispatcher.destroy())
  for (let i = 0; i < 60; i++) await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  one.listener = (request, response) => setTimeout(() => status(503)(request, response), 300)
  const before = one.hits
  await upstream.dispatcher.request({ ...get, method: 'POST', body: 'x' }).then(({ body }) => body.dump())
  t.equal(one.hits, before + 1)
  t.equal((await upstream.dispatcher.request(get)).statusCode, 503)
})

test('both attempts end when the caller leaves', async (t) => {
  const one = await startOrigin(t)
  const breaker = createCircuitBreaker({ name: 'left' })
  const upstream = hedging(one.url, { breaker })
  t.teardown(() => upstream.dispatcher.destroy())
  for (let i = 0; i < 60; i++) await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  one.listener = hang
  const leaving = new AbortController()
  const pending = upstream.dispatcher.request({ ...get, signal: leaving.signal })
  await until(() => upstream.stats().origins[0]?.active === 2, 'two are under way')
  leaving.abort()
  await t.rejects(pending, { name: 'AbortError' })
  await until(() => upstream.stats().origins[0]?.active === 0, 'none is')
  t.match(breaker.snapshot(), { inFlight: 0, totals: { failures: 0, ignored: 2 } })
})

test('takes its leave from the budget', async (t) => {
  const one = await startOrigin(t)
  const upstream = hedging(one.url, {
    breaker: false,
    retry: { attempts: 1, budget: { ratio: 0, minPerSecond: 0 } },
  })
  t.teardown(() => upstream.dispatcher.destroy())
  for (let i = 0; i < 60; i++) await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  one.listener = (request, response) => setTimeout(() => ok(request, response), 200)
  await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  t.match(upstream.stats(), { hedges: 0, retryBudget: { available: 0, exhausted: 1 } })
})
