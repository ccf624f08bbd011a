import { test } from 'tap'
import { makeKey, startGateway, startUpstream } from './fixtures.ts'

const operatorPaths = ['/stats/circuit-breakers', '/metrics', '/api/v1/circuit-breakers']

test('beside the services, operators need a key with the scope', async (t) => {
  const upstream = await startUpstream(t)
  const [operator, client] = await Promise.all([
    makeKey('ops', 'stats:read', 'stats:write', 'cache:purge', 'keys:read'),
    makeKey('client'),
  ])
  const { app, admin } = await startGateway(t, {
    auth: { keys: [operator.entry, client.entry] },
    services: { orders: { prefix: '/orders', upstream: upstream.url, responseCache: { defaultTtl: '1m' } } },
  })
  t.equal(admin, undefined)
  const get = async (url: string, key?: string) =>
    (await app.inject({ url, headers: key === undefined ? {} : { 'x-api-key': key } })).statusCode
  for (const path of operatorPaths) {
    t.strictSame(
      [await get(path), await get(path, client.key), await get(path, operator.key)],
      [401, 403, 200],
      path,
    )
  }

  const purge = (key: string, payload: object) =>
    app.inject({ method: 'POST', url: '/admin/cache/purge', headers: { 'x-api-key': key }, payload })
  const cached = async () =>
    (await app.inject({ url: '/orders/1', headers: { 'x-api-key': client.key } })).headers['x-cache']
  t.strictSame([await cached(), await cached()], ['MISS', 'HIT'])
  t.equal((await purge(client.key, { all: true })).statusCode, 403)
  t.equal((await purge(operator.key, { everything: true })).statusCode, 400)
  t.equal((await purge(operator.key, { all: true })).statusCode, 200)
  t.equal(await cached(), 'MISS')

  t.match((await app.inject({ url: '/admin/keys', headers: { 'x-api-key': operator.key } })).json(), {
    keys: [{ consumer: 'ops' }, { consumer: 'client' }],
  })
})

test('without auth, only this machine is let in', async (t) => {
  const upstream = await startUpstream(t)
  const { app } = await startGateway(t, {
    services: { orders: { prefix: '/orders', upstream: upstream.url, responseCache: true } },
  })
  const get = async (options: object) =>
    (await app.inject({ url: '/stats/circuit-breakers', ...options })).statusCode
  t.equal(await get({ headers: { host: 'localhost' } }), 200)
  t.equal(await get({ headers: { host: 'localhost' }, remoteAddress: '10.1.2.3' }), 403)
  t.equal(await get({ headers: { host: 'localhost', 'x-forwarded-for': '10.1.2.3' } }), 403)
  t.equal(await get({ headers: { host: 'rebound.example' } }), 403)
  const purge = (host: string) =>
    app.inject({ method: 'POST', url: '/admin/cache/purge', headers: { host }, payload: { all: true } })
  t.equal((await purge('localhost')).statusCode, 200)
  t.match((await purge('rebound.example')).json(), { status: 403, code: 'SLUICE_FORBIDDEN' })
})

test('on a listener of their own, operators see what the other listener does', async (t) => {
  const upstream = await startUpstream(t)
  const operator = await makeKey('ops', '*')
  const { app, admin } = await startGateway(t, {
    admin: { port: 0 },
    auth: { keys: [operator.entry] },
    services: { orders: { prefix: '/orders', upstream: upstream.url, responseCache: true } },
  })
  const headers = { 'x-api-key': operator.key }
  t.equal((await app.inject({ url: '/orders/1', headers })).statusCode, 200)
  for (const path of [...operatorPaths, '/monitor']) {
    t.equal((await app.inject({ url: path, headers })).statusCode, 404, `${path} is not public`)
    t.equal((await admin?.inject({ url: path, headers }))?.statusCode, 200, path)
  }
  t.equal((await admin?.inject('/metrics'))?.statusCode, 401)
  t.match((await admin?.inject({ url: '/stats/circuit-breakers', headers }))?.json(), {
    circuitBreakers: [{ serviceName: 'orders', stats: { fires: 1 } }],
  })
  t.match(
    (await admin?.inject({ url: '/metrics', headers }))?.body,
    /gateway_proxy_requests_total\{[^}]*orders[^}]*\} 1/,
  )
  const reset = await admin?.inject({
    method: 'POST',
    url: '/stats/circuit-breakers/orders/open',
    headers,
    payload: { reason: 'drill' },
  })
  t.equal(reset?.statusCode, 200)
  t.equal((await app.inject({ url: '/orders/2', headers })).statusCode, 503)
})

test('an open listener asks nobody', async (t) => {
  const upstream = await startUpstream(t)
  const { admin } = await startGateway(t, {
    admin: { port: 0, access: 'open' },
    services: { orders: { prefix: '/orders', upstream: upstream.url } },
  })
  t.equal((await admin?.inject({ url: '/metrics', remoteAddress: '10.0.0.9' }))?.statusCode, 200)
  t.equal(
    (await admin?.inject({ url: '/stats/circuit-breakers', remoteAddress: '10.0.0.9' }))?.statusCode,
    200,
  )
})
