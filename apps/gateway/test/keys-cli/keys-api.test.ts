import { apiKeyAuth, memoryKeys } from '@sluice/api-key-auth'
import { createHash } from 'node:crypto'
import fastify from 'fastify'
import { test, type Test } from 'tap'
import { addKeysApi } from '../../src/keys-api.ts'

async function start(t: Test) {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys() })
  addKeysApi(app, app.apiKeys, (scope) => ({ config: { apiKey: { scopes: [scope] } } }))
  const admin = await app.apiKeys.create({ consumer: 'ops', scopes: ['keys:*'] })
  const reader = await app.apiKeys.create({ consumer: 'audit', scopes: ['keys:read'] })
  const ask = (method: any, url: string, payload?: any, key = admin.key) =>
    app.inject({ method, url, headers: { 'x-api-key': key }, ...(payload === undefined ? {} : { payload }) })
  return { app, ask, admin, reader }
}

test('the life of a key over HTTP', async (t) => {
  const { app, ask, admin } = await start(t)
  const changes: unknown[] = []
  for (const event of ['created', 'updated', 'rotated', 'revoked', 'removed'] as const) {
    app.apiKeys.on(event, ({ actor }) => changes.push([event, actor]))
  }
  const made = await ask('POST', '/admin/keys', { consumer: 'mobile', scopes: ['a'], name: 'app' })
  t.equal(made.statusCode, 201)
  t.equal(made.headers['cache-control'], 'no-store')
  const { key, record } = made.json()
  t.equal((await app.apiKeys.verify(key)).valid, true)

  const changed = await ask('PATCH', `/admin/keys/${record.id}`, {
    scopes: ['b'],
    name: null,
    rateLimit: { max: 1, windowMs: 2 },
  })
  t.match(changed.json(), { scopes: ['b'], rateLimit: { max: 1, windowMs: 2 } })
  t.notOk('name' in changed.json())

  const rotated = (await ask('POST', `/admin/keys/${record.id}/rotate`, { graceMs: 60_000 })).json()
  t.equal((await app.apiKeys.verify(key)).valid, true)
  t.equal((await app.apiKeys.verify(rotated.key)).valid, true)
  const rotatedAgain = (await ask('POST', `/admin/keys/${record.id}/rotate`)).json()
  t.equal((await app.apiKeys.verify(rotated.key)).valid, false)

  const shown = (await ask('GET', `/admin/keys/${record.id}`)).json()
  t.match(shown, { id: record.id, status: 'active', consumer: 'mobile' })
  const listed = await ask('GET', '/admin/keys?consumer=mobile')
  t.equal(listed.json().keys.length, 1)
  t.notMatch(listed.body, 'sha256')

  t.match((await ask('POST', `/admin/keys/${record.id}/revoke`)).json(), { status: 'revoked' })
  t.equal((await app.apiKeys.verify(rotatedAgain.key)).valid, false)
  t.equal((await ask('POST', `/admin/keys/${record.id}/rotate`)).statusCode, 409)
  t.equal((await ask('DELETE', `/admin/keys/${record.id}`)).statusCode, 204)
  t.equal((await ask('GET', `/admin/keys/${record.id}`)).statusCode, 404)
  t.same(
    changes,
    ['created', 'updated', 'rotated', 'rotated', 'revoked', 'removed'].map((event) => [
      event,
      admin.record.id,
    ]),
  )
})

test('a key made elsewhere is taken over by its hash, and never answered', async (t) => {
  const { app, ask } = await start(t)
  const hash = createHash('sha256').update('legacy').digest('hex')
  const reply = await ask('POST', '/admin/keys', { consumer: 'partner', hash })
  t.equal(reply.statusCode, 201)
  t.notOk('key' in reply.json())
  t.equal((await app.apiKeys.verify('legacy')).valid, true)
  t.equal((await ask('POST', '/admin/keys', { consumer: 'partner', hash })).statusCode, 409)
})

test('what is wrong is said with its place', async (t) => {
  const { ask } = await start(t)
  const reply = await ask('POST', '/admin/keys', { consumer: 'a b', scopes: ['x y'], expiresAt: 'soon' })
  t.equal(reply.statusCode, 400)
  for (const path of ['consumer', 'scopes', 'expiresAt']) t.match(reply.json().message, `${path}: expected`)
  t.equal((await ask('POST', '/admin/keys', {})).statusCode, 400)
  t.equal((await ask('POST', '/admin/keys', { consumer: 'a', hash: 'x' })).statusCode, 400)
  t.equal(
    (await ask('POST', '/admin/keys', { consumer: 'a', hash: '1'.repeat(64), id: 'a b' })).statusCode,
    400,
  )
})

test('reading and writing have scopes of their own', async (t) => {
  const { ask, reader, admin } = await start(t)
  t.equal((await ask('GET', '/admin/keys', undefined, reader.key)).statusCode, 200)
  for (const [method, url] of [
    ['POST', '/admin/keys'],
    ['PATCH', `/admin/keys/${admin.record.id}`],
    ['POST', `/admin/keys/${admin.record.id}/rotate`],
    ['POST', `/admin/keys/${admin.record.id}/revoke`],
    ['DELETE', `/admin/keys/${admin.record.id}`],
  ]) {
    t.equal((await ask(method, url ?? '', undefined, reader.key)).statusCode, 403, `${method} ${url}`)
    t.equal((await ask(method, url ?? '', undefined, 'bad')).statusCode, 401)
  }
})
