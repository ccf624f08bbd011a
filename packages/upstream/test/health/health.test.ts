import { test } from 'tap'
import { createUpstream, type HealthOptions, type Upstream } from '../../src/index.ts'
import { hang, ok, startOrigin, status, until } from '../origin-server.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const
const often: HealthOptions = {
  path: '/up',
  intervalMs: 15,
  timeoutMs: 500,
  healthyAfter: 2,
  unhealthyAfter: 2,
}

async function send(upstream: Upstream): Promise<number> {
  const { statusCode, body } = await upstream.dispatcher.request(get)
  await body.dump()
  return statusCode
}

function healthy(upstream: Upstream): boolean[] {
  return upstream.stats().origins.map((origin) => origin.healthy)
}

test('an unhealthy origin gets no traffic until it is well again', async (t) => {
  const paths = new Set<string>()
  let sick = false
  const a = await startOrigin(t, (request, response) => {
    paths.add(request.url ?? '')
    ;(sick && request.url === '/up' ? status(500) : ok)(request, response)
  })
  const b = await startOrigin(t)
  const upstream = createUpstream({ name: 'checked', origins: [a.url, b.url], health: often, slowStart: {} })
  t.teardown(() => upstream.close())
  t.equal(a.hits + b.hits, 0, 'no checks before the first request')
  await send(upstream)
  await until(() => paths.has('/up'), 'it is checked')
  sick = true
  await until(() => !healthy(upstream)[0], 'its illness is noticed')
  paths.clear()
  for (let i = 0; i < 10; i++) await send(upstream)
  t.notOk(paths.has('/'))
  sick = false
  await until(() => healthy(upstream)[0] ?? false, 'and its recovery')
  t.ok((upstream.stats().origins[0]?.weight ?? 1) < 1, 'it starts slowly')
})

test('one that does not answer the check is unhealthy; when all are, all are used', async (t) => {
  const a = await startOrigin(t, (request, response) =>
    request.url === '/up' ? hang() : ok(request, response),
  )
  const b = await startOrigin(t, (request, response) =>
    request.url === '/up' ? hang() : ok(request, response),
  )
  const upstream = createUpstream({
    name: 'checked',
    origins: [a.url, b.url],
    health: { ...often, timeoutMs: 30, unhealthyAfter: 1 },
  })
  t.teardown(() => upstream.close())
  await send(upstream)
  await until(() => healthy(upstream).every((well) => !well), 'both are unhealthy')
  t.equal(await send(upstream), 200)
})

test('checks follow the origins and end with the upstream', async (t) => {
  const [a, b] = [await startOrigin(t), await startOrigin(t)]
  const upstream = createUpstream({ name: 'checked', origins: a.url, health: { ...often, statuses: [204] } })
  await send(upstream)
  await until(() => !healthy(upstream)[0], 'a 200 is not the 204 that was asked for')
  upstream.setOrigins(b.url)
  await until(() => b.hits > 0, 'the new one is checked')
  await upstream.close()
  const hits = [a.hits, b.hits]
  await new Promise((done) => setTimeout(done, 100))
  t.same([a.hits, b.hits], hits)
})
