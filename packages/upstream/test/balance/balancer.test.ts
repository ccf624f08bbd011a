import { BreakerRegistry } from '@sluice/circuit-breaker'
import { ManualClock } from '@sluice/circuit-breaker/testing'
import { test } from 'tap'
import { createUpstream, kUpstreamContext, type Upstream, type UpstreamOptions } from '../../src/index.ts'
import { deadPort, hang, ok, startOrigin, status, until } from '../origin-server.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

async function send(upstream: Upstream, options: object = {}): Promise<number> {
  const { statusCode, body } = await upstream.dispatcher.request({ ...get, ...options })
  await body.dump()
  return statusCode
}

function create(origins: UpstreamOptions['origins'], more: Partial<UpstreamOptions> = {}): Upstream {
  return createUpstream({ name: 'many', origins, breaker: false, ...more })
}

test('each origin gets its share', async (t) => {
  const [a, b] = [await startOrigin(t), await startOrigin(t)]
  const upstream = create([{ origin: a.url, weight: 3 }, b.url])
  t.teardown(() => upstream.close())
  for (let i = 0; i < 20; i++) await send(upstream)
  t.same([a.hits, b.hits], [15, 5])
  t.match(upstream.stats().origins, [
    { origin: a.url, requests: 15, weight: 3, state: 'closed', ejected: false, healthy: true, active: 0 },
    { origin: b.url, requests: 5, weight: 1 },
  ])
})

test('a key keeps its origin', async (t) => {
  const servers = [await startOrigin(t), await startOrigin(t), await startOrigin(t)]
  const urls = servers.map(({ url }) => url)
  const byConsumer = create(urls, { balance: 'hash' })
  const byHeader = create(urls, { balance: { policy: 'hash', by: 'header:X-Tenant' } })
  const byCookie = create(urls, { balance: { policy: 'hash', by: 'cookie:sid' } })
  for (const upstream of [byConsumer, byHeader, byCookie]) t.teardown(() => upstream.close())
  const one = (send: () => Promise<unknown>) => async (): Promise<void> => {
    const before = servers.map(({ hits }) => hits)
    for (let i = 0; i < 6; i++) await send()
    const hit = servers.filter(({ hits }, i) => hits !== before[i])
    t.equal(hit.length, 1)
  }
  await one(() => send(byConsumer, { [kUpstreamContext]: { consumer: 'ann' } }))()
  await one(() => send(byHeader, { headers: { 'x-tenant': 'blue' } }))()
  await one(() => send(byCookie, { headers: ['Cookie', 'a=b; sid=1'] }))()
  const before = servers.map(({ hits }) => hits)
  for (let i = 0; i < 60; i++) await send(byConsumer)
  t.ok(
    servers.every(({ hits }, i) => hits > (before[i] ?? 0)),
    'without a key requests are spread',
  )
})

test('least requests goes round an origin that is slow', async (t) => {
  const [slow, fast] = [await startOrigin(t, hang), await startOrigin(t)]
  const upstream = create([slow.url, fast.url], { balance: 'least-requests' })
  t.teardown(() => upstream.dispatcher.destroy())
  const pending: Promise<unknown>[] = []
  while (slow.hits === 0) {
    pending.push(send(upstream).catch(() => {}))
    await until(() => slow.hits + fast.hits === pending.length, 'it has arrived')
  }
  await until(() => upstream.stats().origins[1]?.active === 0, 'the fast one is idle')
  for (let i = 0; i < 30; i++) t.equal(await send(upstream), 200)
  t.equal(slow.hits, 1)
  await upstream.dispatcher.destroy()
  await Promise.all(pending)
})

test('a failing origin is ejected, tried again, and comes back', async (t) => {
  const clock = new ManualClock()
  const bad = await startOrigin(t, status(500))
  const good = await startOrigin(t)
  const registry = new BreakerRegistry({}, { clock })
  const upstream = createUpstream(
    {
      name: 'many',
      origins: [bad.url, good.url],
      breaker: false,
      registry,
      outlier: {
        breaker: { consecutiveFailures: 3, open: { durationMs: 1_000, jitter: 0 }, recovery: { rampMs: 0 } },
      },
    },
    { clock },
  )
  t.teardown(() => upstream.close())
  for (let i = 0; i < 20; i++) await send(upstream)
  t.equal(bad.hits, 3)
  t.match(upstream.stats().origins, [
    { state: 'open', ejected: true, failures: 3 },
    { state: 'closed', ejected: false },
  ])
  t.equal(registry.get(`many@127.0.0.1:${bad.port}`)?.state, 'open', 'it is one of the registry’s')

  clock.advance(1_001)
  bad.listener = ok
  for (let i = 0; i < 20; i++) t.equal(await send(upstream), 200)
  t.ok(bad.hits > 3)
  t.match(upstream.stats().origins, [{ state: 'closed', ejected: false }, {}])
})

test('no more than the given share is ejected', async (t) => {
  const dead = await Promise.all([deadPort(), deadPort(), deadPort()])
  const good = await startOrigin(t)
  const upstream = create([...dead.map((port) => `http://127.0.0.1:${port}`), good.url], {
    outlier: { maxEjected: 0.5, breaker: { consecutiveFailures: 1 } },
  })
  t.teardown(() => upstream.close())
  for (let i = 0; i < 40; i++) await send(upstream).catch(() => {})
  const attempts = upstream.stats().origins.map(({ requests }) => requests)
  t.same(
    upstream.stats().origins.map(({ ejected }) => ejected),
    [true, true, true, false],
  )
  t.same(attempts.filter((count) => count === 1).length, 2, 'two are out')
  t.equal(attempts.filter((count) => count > 10).length, 2, 'the third dead one stays, beside the living one')
})

test('one that is taken out by hand gets nothing', async (t) => {
  const [a, b] = [await startOrigin(t), await startOrigin(t)]
  const registry = new BreakerRegistry()
  const upstream = create([a.url, b.url], { registry })
  t.teardown(() => upstream.close())
  registry.open(`many@127.0.0.1:${a.port}`)
  for (let i = 0; i < 10; i++) t.equal(await send(upstream), 200)
  t.equal(a.hits, 0)
  registry.open(`many@127.0.0.1:${b.port}`)
  await t.rejects(send(upstream), { code: 'SLUICE_UPSTREAM_UNAVAILABLE', statusCode: 503 })
  registry.close(`many@127.0.0.1:${a.port}`)
  t.equal(await send(upstream), 200)
  t.equal(a.hits, 1)
})

test('a hung origin does not hold up its healthy neighbour', async (t) => {
  const [hung, healthy] = [await startOrigin(t, hang), await startOrigin(t)]
  const upstream = create([hung.url, healthy.url], { timeouts: { headersMs: 60_000 } })
  t.teardown(() => upstream.dispatcher.destroy())
  let answered = 0
  const pending = Array.from({ length: 200 }, async () => {
    try {
      if ((await send(upstream)) === 200) answered++
    } catch {}
  })
  await until(() => answered === 100, 'its own hundred are answered while the other hundred hang')
  t.equal(upstream.stats().origins[0]?.active, 100)
  await upstream.dispatcher.destroy()
  await Promise.all(pending)
})

test('with a deadline and one retry nobody notices a hung origin, and it is soon out', async (t) => {
  const [hung, healthy] = [await startOrigin(t, hang), await startOrigin(t)]
  const upstream = create([hung.url, healthy.url], {
    timeouts: { headersMs: 400 },
    retry: { attempts: 1, backoff: { baseMs: 1, maxMs: 1 } },
    outlier: { breaker: { consecutiveFailures: 3 } },
  })
  t.teardown(() => upstream.dispatcher.destroy())
  const statuses = await Promise.all(Array.from({ length: 20 }, () => send(upstream)))
  t.ok(statuses.every((code) => code === 200))
  const hits = hung.hits
  for (let i = 0; i < 20; i++) t.equal(await send(upstream), 200)
  t.equal(hung.hits, hits)
})
