import { BreakerRegistry } from '@sluice/circuit-breaker'
import { test } from 'tap'
import { createUpstream } from '../../src/index.ts'
import { ok, startOrigin, until } from '../origin-server.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

test('origins are replaced without dropping a request', async (t) => {
  const held: (() => void)[] = []
  const old = await startOrigin(t, (request, response) => void held.push(() => ok(request, response)))
  const young = await startOrigin(t)
  const upstream = createUpstream({ name: 'moving', origins: old.url, pool: { connections: 1 } })
  t.teardown(() => upstream.close())
  const first = upstream.dispatcher.request(get)
  const queued = upstream.dispatcher.request(get)
  await until(() => held.length === 1, 'one is under way, one waits for its connection')

  upstream.setOrigins(young.url)
  t.equal(await upstream.dispatcher.request(get).then(({ body }) => body.text()), 'ok')
  t.equal(young.hits, 1)
  held[0]?.()
  t.equal(await first.then(({ body }) => body.text()), 'ok')
  await until(() => held.length === 2, 'the one that waited is sent, where it waited')
  held[1]?.()
  t.equal(await queued.then(({ body }) => body.text()), 'ok')
  t.match(upstream.stats(), { origins: [{ origin: young.url }], errors: {} })
})

test('those that stay keep their books, the others come and go', async (t) => {
  const [a, b] = [await startOrigin(t), await startOrigin(t)]
  const upstream = createUpstream({
    name: 'moving',
    origins: a.url,
    slowStart: { durationMs: 60_000, floor: 0.25 },
  })
  t.teardown(() => upstream.close())
  await upstream.dispatcher.request(get).then(({ body }) => body.dump())
  t.equal(upstream.stats().origins[0]?.weight, 1)
  upstream.setOrigins([{ origin: a.url, weight: 2 }, b.url])
  t.match(upstream.stats().origins, [
    { requests: 1, weight: 2 },
    { requests: 0, state: 'closed' },
  ])
  t.ok((upstream.stats().origins[1]?.weight ?? 1) < 0.5, 'a newcomer starts slowly')
  upstream.setOrigins([b.url])
  t.match(upstream.stats().origins, [{ origin: b.url }])
})

test('a bad list changes nothing', async (t) => {
  const a = await startOrigin(t)
  const upstream = createUpstream({ name: 'moving', origins: a.url })
  t.teardown(() => upstream.close())
  t.throws(() => upstream.setOrigins([a.url, 'nonsense']), { code: 'SLUICE_UPSTREAM_OPTIONS' })
  t.throws(() => upstream.setOrigins([]), { code: 'SLUICE_UPSTREAM_OPTIONS' })
  t.match(upstream.stats().origins, [{ origin: a.url }])
})

test('a closed upstream takes no more requests and ends those it has', async (t) => {
  const held: (() => void)[] = []
  const a = await startOrigin(t, (request, response) => void held.push(() => ok(request, response)))
  const upstream = createUpstream({ name: 'closing', origins: a.url })
  const pending = upstream.dispatcher.request(get)
  await until(() => held.length === 1, 'it is under way')
  const closed = upstream.close()
  await t.rejects(upstream.dispatcher.request(get), { code: 'SLUICE_UPSTREAM_UNAVAILABLE', statusCode: 503 })
  held[0]?.()
  t.equal(await pending.then(({ body }) => body.text()), 'ok')
  await closed
  await new Promise<void>((done) => upstream.dispatcher.close(done))
})

test('destroying ends what is under way', async (t) => {
  const a = await startOrigin(t, () => {})
  const upstream = createUpstream({ name: 'ending', origins: a.url, breaker: false })
  const pending = upstream.dispatcher.request(get)
  await until(() => a.hits === 1, 'it is under way')
  await Promise.all([
    t.rejects(pending, { message: 'enough' }),
    new Promise<void>((done) => upstream.dispatcher.destroy(new Error('enough'), done)),
  ])
})

test('the breaker of an origin that goes leaves the registry', async (t) => {
  const [a, b, c] = [await startOrigin(t), await startOrigin(t), await startOrigin(t)]
  const registry = new BreakerRegistry()
  const upstream = createUpstream({ name: 'moving', origins: [a.url, b.url], registry })
  t.teardown(() => upstream.close())
  const names = (): string[] => registry.list().map(({ name }) => name)
  const own = ({ url }: { url: string }): string => `moving@${new URL(url).host}`
  t.ok(names().includes(own(a)) && names().includes(own(b)))
  upstream.setOrigins([b.url, c.url])
  t.notOk(names().includes(own(a)))
  t.ok(names().includes(own(b)) && names().includes(own(c)))
})
