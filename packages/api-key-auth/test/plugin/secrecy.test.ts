import { Writable } from 'node:stream'
import diagnostics from 'node:diagnostics_channel'
import fastify from 'fastify'
import { test } from 'tap'
import { ApiKeys, apiKeyAuth, logRedaction, memoryKeys } from '../../src/index.ts'

test('keys are in no log, no event, no description and no record', async (t) => {
  const seen: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      seen.push(chunk.toString())
      done()
    },
  })
  const store = memoryKeys()
  const app = fastify({ logger: { level: 'trace', stream, ...logRedaction({ query: 'api_key' }) } })
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store, query: 'api_key', cookie: 'key' })
  app.get('/', { config: { apiKey: true } }, (request) => {
    request.log.info({ req: request.raw, headers: request.headers }, 'seen')
    return request.apiKey
  })
  const keep = (payload: unknown) => seen.push(JSON.stringify(payload))
  for (const event of ['accepted', 'refused', 'created', 'rotated', 'revoked'] as const) {
    app.apiKeys.on(event, keep)
    diagnostics.subscribe(`sluice:api-key:${event}`, keep)
    t.teardown(() => diagnostics.unsubscribe(`sluice:api-key:${event}`, keep))
  }
  const { key, record } = await app.apiKeys.create({ consumer: 'a' })
  const secret = key.split('_')[3] ?? ''
  const bad = `${key}x`
  for (const text of [key, bad]) {
    seen.push((await app.inject({ url: '/', headers: { 'x-api-key': text } })).body)
    seen.push((await app.inject({ url: '/', headers: { authorization: `Bearer ${text}` } })).body)
    seen.push((await app.inject({ url: '/', headers: { cookie: `key=${text}` } })).body)
    seen.push((await app.inject(`/?a=1&api_key=${text}`)).body)
  }
  seen.push(JSON.stringify([await app.apiKeys.show(record.id), await app.apiKeys.list(), await store.list()]))
  const rotated = await app.apiKeys.rotate(record.id, { graceMs: 1000 })
  seen.push(JSON.stringify([await app.apiKeys.show(record.id), await app.apiKeys.revoke(record.id)]))
  for (const text of [secret, rotated.key.split('_')[3] ?? '']) t.notMatch(seen.join('\n'), text)
  t.match(seen.join('\n'), '"url":"/?a=1"')
})

test('each thing that happens is told, once, with who and where', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys() })
  app.get('/orders/:id', { config: { apiKey: { scopes: ['a'] } } }, () => 'fine')
  const told: any[] = []
  const stop = app.apiKeys.on('refused', (payload) => told.push(payload))
  app.apiKeys.on('accepted', (payload) => told.push(payload))
  const good = await app.apiKeys.create({ consumer: 'mobile', scopes: ['a'] }, { actor: 'me' })
  const weak = await app.apiKeys.create({ consumer: 'mobile' })
  const ask = (key: string) =>
    app.inject({ url: '/orders/7?x=1', headers: { 'x-api-key': key }, remoteAddress: '192.0.2.1' })
  await ask(good.key)
  await ask(weak.key)
  await ask('bad')
  await app.inject('/orders/7')
  const where = { address: '192.0.2.1', method: 'GET', route: '/orders/:id', requestId: /./ }
  t.match(told, [
    { id: good.record.id, consumer: 'mobile', ...where },
    { reason: 'scope', id: weak.record.id, consumer: 'mobile', ...where },
    { reason: 'malformed', ...where },
    { reason: 'missing' },
  ])
  stop()
  await ask('bad')
  t.equal(told.length, 4)
})

test('there is no event of another name', async (t) => {
  const keys = new ApiKeys({ store: memoryKeys() })
  t.throws(() => keys.on('hacked' as any, () => {}), { message: 'There is no event hacked' })
  await keys.close()
})
