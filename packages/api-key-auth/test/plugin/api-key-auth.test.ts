import { createHash } from 'node:crypto'
import fastify, { type FastifyInstance } from 'fastify'
import { test, type Test } from 'tap'
import { apiKeyAuth, memoryKeys, staticKeys, type ApiKeyAuthOptions } from '../../src/index.ts'

async function start(t: Test, options: Partial<ApiKeyAuthOptions> = {}): Promise<FastifyInstance> {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys(), ...options })
  const echo = (request: any) => ({ key: request.apiKey, headers: request.raw.headers, url: request.raw.url })
  app.get('/open', { config: { apiKey: false } }, echo)
  app.get('/silent', echo)
  app.get('/any', { config: { apiKey: true } }, echo)
  app.get('/read', { config: { apiKey: { scopes: ['orders:read'] } } }, echo)
  app.get('/either', { config: { apiKey: { anyOf: ['a', 'b'] } } }, echo)
  app.get('/optional', { config: { apiKey: { optional: true } } }, echo)
  app.get('/forward', { config: { apiKey: { forward: true } } }, echo)
  app.options('/any', { config: { apiKey: true } }, () => 'preflight')
  return app
}

test('a good key passes, and says who is calling', async (t) => {
  const app = await start(t)
  const { key } = await app.apiKeys.create({
    consumer: 'mobile',
    scopes: ['orders:read'],
    metadata: { plan: 'gold' },
  })
  const reply = await app.inject({ url: '/read', headers: { 'x-api-key': key } })
  t.equal(reply.statusCode, 200)
  t.match(reply.json(), { key: { consumer: 'mobile', scopes: ['orders:read'], metadata: { plan: 'gold' } } })
  t.equal(app.apiKeys.stats().accepted, 1)
})

test('no handler can change who is calling for the next one', async (t) => {
  const app = await start(t)
  app.get('/change', { config: { apiKey: true } }, (request) => {
    Object.assign(request.apiKey ?? {}, { consumer: 'admin' })
    return 'changed'
  })
  const { key } = await app.apiKeys.create({ consumer: 'a', metadata: { plan: 'free' } })
  const headers = { 'x-api-key': key }
  t.equal((await app.inject({ url: '/change', headers })).statusCode, 500)
  t.match((await app.inject({ url: '/any', headers })).json().key, {
    consumer: 'a',
    metadata: { plan: 'free' },
  })
})

test('a store that changes its records in place is believed at once', async (t) => {
  const inner = memoryKeys()
  const live = new Map<string, any>()
  const store = {
    ...inner,
    local: true,
    findByHash: (hash: string) => live.get(hash),
    put: (record: any) => {
      live.set(record.hash, { ...record })
      return true
    },
  }
  const app = await start(t, { store })
  const { key, record } = await app.apiKeys.create({ consumer: 'before' })
  const headers = { 'x-api-key': key }
  t.match((await app.inject({ url: '/any', headers })).json(), { key: { consumer: 'before' } })
  const [mutable] = live.values()
  t.equal(mutable.id, record.id)
  mutable.consumer = 'after'
  t.match((await app.inject({ url: '/any', headers })).json(), { key: { consumer: 'after' } })
  mutable.previous = { hash: mutable.hash, until: 1 }
  mutable.hash = '0'.repeat(64)
  t.equal((await app.inject({ url: '/any', headers })).statusCode, 401, 'rotated, and its grace is over')
})

test('a HEAD twin is guarded like its GET', async (t) => {
  const app = await start(t)
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  t.equal((await app.inject({ method: 'HEAD', url: '/any' })).statusCode, 401)
  t.equal((await app.inject({ method: 'HEAD', url: '/any', headers: { 'x-api-key': key } })).statusCode, 200)
})

test('an update changes what may be changed and nothing else', async (t) => {
  const { apiKeys } = await start(t)
  const { key, record } = await apiKeys.create({ consumer: 'a', scopes: ['a'], name: 'n' })
  t.match(await apiKeys.update(record.id, { disabled: true, name: null }), {
    status: 'disabled',
    scopes: ['a'],
  })
  t.equal((await apiKeys.verify(key)).valid, false)
  t.match(await apiKeys.update(record.id, { disabled: null, scopes: null }), { status: 'active', scopes: [] })
  t.equal((await apiKeys.verify(key)).valid, true)
  for (const bad of [{ consumer: 'b' }, { hash: null }, { id: null }, { revision: 9 }, { scopes: 'a' }]) {
    await t.rejects(apiKeys.update(record.id, bad as any), { code: 'SLUICE_API_KEY_CONFIGURATION' })
  }
  await t.rejects(apiKeys.update('nobody', { name: 'x' }), {
    code: 'SLUICE_API_KEY_NOT_FOUND',
    statusCode: 404,
  })
})

test('no key at all is 401 with a challenge', async (t) => {
  const app = await start(t)
  const reply = await app.inject('/any')
  t.equal(reply.statusCode, 401)
  t.equal(reply.headers['content-type'], 'application/problem+json; charset=utf-8')
  t.same(reply.headers['www-authenticate'], ['ApiKey realm="sluice"', 'Bearer realm="sluice"'])
  t.match(reply.json(), { type: 'about:blank', status: 401, code: 'SLUICE_API_KEY_MISSING' })
  t.equal(app.apiKeys.stats().refused.missing, 1)
})

test('unknown, revoked, expired, pending, disabled and misplaced keys get one and the same answer', async (t) => {
  const app = await start(t)
  const { apiKeys } = app
  const revoked = await apiKeys.create({ consumer: 'a' })
  await apiKeys.revoke(revoked.record.id)
  const gone = await apiKeys.create({ consumer: 'a' })
  await apiKeys.remove(gone.record.id)
  const bad = {
    malformed: 'nonsense',
    unknown: gone.key,
    revoked: revoked.key,
    expired: (await apiKeys.create({ consumer: 'a', expiresAt: '2020-01-01' })).key,
    pending: (await apiKeys.create({ consumer: 'a', notBefore: Date.now() + 60_000 })).key,
    disabled: (await apiKeys.create({ consumer: 'a', disabled: true })).key,
    elsewhere: (await apiKeys.create({ consumer: 'a', cidrs: ['10.0.0.0/8', '2001:db8::/32'] })).key,
  }
  const replies = await Promise.all(
    Object.values(bad).map((key) => app.inject({ url: '/any', headers: { 'x-api-key': key } })),
  )
  const [first] = replies
  t.equal(first?.statusCode, 401)
  t.equal(first?.json().code, 'SLUICE_API_KEY_INVALID')
  for (const reply of replies) {
    t.equal(reply.body, first?.body)
    t.same(reply.headers['www-authenticate'], first?.headers['www-authenticate'])
  }
  t.match(apiKeys.stats().refused, { malformed: 1, unknown: 1, revoked: 2, expired: 2, address: 1 })
})

test('scopes: all of, any of, wildcards', async (t) => {
  const app = await start(t)
  const ask = async (url: string, scopes: string[]) => {
    const { key } = await app.apiKeys.create({ consumer: 'a', scopes })
    return app.inject({ url, headers: { 'x-api-key': key } })
  }
  t.equal((await ask('/read', ['orders:*'])).statusCode, 200)
  t.equal((await ask('/read', ['*'])).statusCode, 200)
  t.equal((await ask('/either', ['b'])).statusCode, 200)
  t.equal((await ask('/either', ['c'])).statusCode, 403)
  const refused = await ask('/read', ['orders:write', 'order:*', 'orders:readonly'])
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { code: 'SLUICE_API_KEY_SCOPE', scopes: ['orders:read'] })
  t.match(refused.headers['www-authenticate'], [/ApiKey/, /insufficient_scope", scope="orders:read"/])
})

test('an optional key may be absent, but not bad', async (t) => {
  const app = await start(t)
  t.equal((await app.inject('/optional')).json().key, null)
  t.equal((await app.inject({ url: '/optional', headers: { 'x-api-key': 'bad' } })).statusCode, 401)
})

test('the upstream sees our identity headers, never the client’s, and not the key', async (t) => {
  const app = await start(t)
  const { key, record } = await app.apiKeys.create({ consumer: 'mobile', scopes: ['a', 'b'] })
  const claims = {
    'x-consumer-id': 'admin',
    'X-Consumer-Scopes': '*',
    x_consumer_id: 'admin',
    'x-credential-id': 'root',
    connection: 'keep-alive, x-consumer-id, X-Credential-Id',
  }
  const { headers } = (await app.inject({ url: '/any', headers: { 'x-api-key': key, ...claims } })).json()
  t.match(headers, { 'x-consumer-id': 'mobile', 'x-consumer-scopes': 'a b', 'x-credential-id': record.id })
  t.equal(headers.connection, 'keep-alive')
  t.notOk('x_consumer_id' in headers || 'x-api-key' in headers)
  for (const url of ['/open', '/silent', '/optional']) {
    const seen = (await app.inject({ url, headers: claims })).json().headers
    t.notOk(
      Object.keys(seen).some((name) => /consumer|credential/.test(name)),
      url,
    )
  }
  const forwarded = (await app.inject({ url: '/forward', headers: { 'x-api-key': key } })).json()
  t.equal(forwarded.headers['x-api-key'], key)
})

test('a key may come as Authorization, cookie or parameter, and leaves no trace', async (t) => {
  const app = await start(t, { cookie: 'key', query: 'api_key' })
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  const ways = [
    { url: '/any', headers: { authorization: `Bearer ${key}` } },
    { url: '/any', headers: { authorization: `ApiKey ${key}` } },
    { url: '/any', headers: { cookie: `a=1; key=${key}; b=2` } },
    { url: `/any?a=1&api_key=${key}&b=%20` },
  ]
  for (const way of ways) {
    const reply = await app.inject(way)
    t.equal(reply.statusCode, 200)
    t.notOk(JSON.stringify(reply.json()).includes(key))
  }
  t.equal((await app.inject(ways[2] as any)).json().headers.cookie, 'a=1; b=2')
  t.equal((await app.inject(ways[3] as any)).json().url, '/any?a=1&b=%20')
})

test('two keys are one too many', async (t) => {
  const app = await start(t, { cookie: 'key', query: 'api_key' })
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  const header = { 'x-api-key': key }
  for (const way of [
    { url: '/any', headers: { ...header, authorization: `Bearer ${key}` } },
    { url: '/any', headers: { ...header, cookie: `key=${key}` } },
    { url: `/any?api_key=${key}`, headers: header },
    { url: `/any?api_key=${key}&api_key=${key}` },
    { url: '/any', headers: { cookie: `key=${key}; key=${key}` } },
  ]) {
    t.equal((await app.inject(way)).statusCode, 401, JSON.stringify(way).replaceAll(key, 'key'))
  }
})

test('an Authorization of somebody else’s is none of our business', async (t) => {
  const app = await start(t)
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  const jwt = 'Bearer eyJhbGciOiJub25lIn0.e30.'
  const reply = await app.inject({ url: '/any', headers: { 'x-api-key': key, authorization: jwt } })
  t.equal(reply.json().headers.authorization, jwt)
  t.equal(
    (await app.inject({ url: '/any', headers: { authorization: jwt } })).json().code,
    'SLUICE_API_KEY_MISSING',
  )
})

test('a preflight passes, another OPTIONS does not', async (t) => {
  const app = await start(t)
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
  t.equal((await app.inject({ method: 'OPTIONS', url: '/any', headers })).statusCode, 200)
  t.equal((await app.inject({ method: 'OPTIONS', url: '/any' })).statusCode, 401)
})

test('an address that presents bad keys is slowed down, good keys are not', async (t) => {
  let now = Date.now()
  const app = await start(t, { throttle: { max: 3, windowMs: 10_000 }, now: () => now })
  const { key } = await app.apiKeys.create({ consumer: 'a' })
  const ask = (value: string, remoteAddress: string) =>
    app.inject({ url: '/any', headers: { 'x-api-key': value }, remoteAddress })
  for (let i = 0; i < 3; i++) t.equal((await ask('bad', '2001:db8:1:2::1')).statusCode, 401)
  now += 4000
  const slowed = await ask('bad', '2001:db8:1:2:ffff::9')
  t.equal(slowed.statusCode, 429)
  t.equal(slowed.headers['retry-after'], '6')
  t.equal(slowed.json().code, 'SLUICE_API_KEY_THROTTLED')
  t.equal((await ask(key, '2001:db8:1:2::1')).statusCode, 200)
  t.equal((await ask('bad', '2001:db8:1:3::1')).statusCode, 401)
  now += 6000
  t.equal((await ask('bad', '2001:db8:1:2::1')).statusCode, 401)
})

test('a key made elsewhere works by its hash, and raw from the configuration', async (t) => {
  const app = await start(t)
  const sha256 = createHash('sha256').update('legacy-key').digest('hex')
  await app.apiKeys.import({ consumer: 'old', hash: sha256 })
  t.equal(
    (await app.inject({ url: '/any', headers: { 'x-api-key': 'legacy-key' } })).json().key.consumer,
    'old',
  )

  const other = await start(t, {
    store: staticKeys([{ key: 'your-secret-key', consumer: 'default', scopes: ['*'] }]),
  })
  t.equal((await other.inject({ url: '/read', headers: { 'x-api-key': 'your-secret-key' } })).statusCode, 200)
  t.equal(
    (await other.inject({ url: '/read', headers: { authorization: 'Bearer your-secret-key' } })).statusCode,
    200,
  )
  t.equal((await other.inject({ url: '/read', headers: { 'x-api-key': 'your-secret-kex' } })).statusCode, 401)
})

test('with a pepper the store holds no plain hash, and imported hashes still work', async (t) => {
  const store = memoryKeys()
  const app = await start(t, { store, pepper: 'a pepper of some length' })
  const { key, record } = await app.apiKeys.create({ consumer: 'a' })
  t.match((await store.get(record.id))?.hash, /^hmac-sha256:[0-9a-f]{64}$/)
  t.equal((await app.inject({ url: '/any', headers: { 'x-api-key': key } })).statusCode, 200)
  const sha256 = createHash('sha256').update('legacy-key').digest('hex')
  await app.apiKeys.import({ consumer: 'old', hash: `sha256:${sha256}` })
  t.equal((await app.inject({ url: '/any', headers: { 'x-api-key': 'legacy-key' } })).statusCode, 200)
  const without = await start(t, { store })
  t.equal((await without.inject({ url: '/any', headers: { 'x-api-key': key } })).statusCode, 401)
})

test('what is wrong with the options is said at once and together', async (t) => {
  const app = fastify()
  const options = {
    header: 'a b',
    lastUsedMs: 1,
    heather: 'x',
    memory: { ttlMs: -1 },
    pepper: 'short',
  } as any
  await t.rejects(
    async () => {
      await app.register(apiKeyAuth, options)
    },
    {
      code: 'SLUICE_API_KEY_CONFIGURATION',
      problems: [
        { path: 'heather' },
        { path: 'store' },
        { path: 'header' },
        { path: 'pepper' },
        { path: 'memory.ttlMs' },
        { path: 'lastUsedMs' },
      ],
    },
  )
})

test('a route that asks for nonsense does not start', async (t) => {
  const app = await start(t)
  const problemAt = (config: any): string => {
    try {
      app.get('/wrong', { config }, () => '')
      return 'none'
    } catch (error: any) {
      return error.problems[0].path
    }
  }
  t.equal(problemAt({ apiKey: { scope: ['a'] } }), 'config.apiKey.scope')
  t.equal(problemAt({ apiKey: null }), 'config.apiKey')
})
