import Fastify from 'fastify'
import { test } from 'tap'
import { BreakerRegistry } from '@sluice/circuit-breaker'
import { breakerStats, type Permission } from '../../src/index.ts'
import { gateway, succeed } from '../gateway.ts'

const stats = '/stats/circuit-breakers'
const reset = { method: 'POST', url: `${stats}/orders/reset` } as const

test('does not start unguarded', async (t) => {
  const app = Fastify()
  app.decorate('circuitBreakers', new BreakerRegistry())
  await t.rejects(
    async () => {
      await app.register(breakerStats)
    },
    { code: 'SLUICE_STATS_UNGUARDED' },
  )
})

test('does not start without breakers', async (t) => {
  await t.rejects(
    async () => {
      await Fastify().register(breakerStats, { access: 'loopback' })
    },
    {
      code: 'FST_ERR_PLUGIN_NOT_PRESENT_IN_INSTANCE',
    },
  )
})

test('asks the API-key plugin for scopes, and tells the other plugins to keep off', async (t) => {
  const configs = new Map<string, unknown>()
  const collect = (options: object) =>
    gateway(t, options, {
      before: (app) => {
        ;(app as any).decorate('apiKeys', {})
        app.addHook(
          'onRoute',
          ({ method, url, config }) => void configs.set(`${String(method)} ${url}`, config),
        )
      },
    })
  await collect({})
  t.match(configs.get(`GET ${stats}`), {
    apiKey: { scopes: ['stats:read'] },
    circuitBreaker: false,
    responseCache: false,
    rateLimit: false,
  })
  t.match(configs.get(`POST ${stats}/:name/open`), { apiKey: { scopes: ['stats:write'] } })
  t.match(configs.get('GET /metrics'), { apiKey: { scopes: ['stats:read'] } })
  t.match(configs.get('POST /monitor/ticket'), { apiKey: { scopes: ['stats:read'] } })
  t.match(configs.get('GET /monitor'), { apiKey: false }, 'the page holds no data')
  await collect({ access: { scopes: ['ops'] }, metricsAccess: 'loopback' })
  t.match(configs.get(`POST ${stats}/:name/open`), { apiKey: { scopes: ['ops'] } })
  t.match(configs.get('GET /metrics'), { apiKey: false })
})

test('asks a hook of yours, and tells it who looks and who acts', async (t) => {
  const asked: Permission[] = []
  const { app, registry } = await gateway(t, {
    access: async (request, _reply, permission) => {
      asked.push(permission)
      if (request.headers.authorization !== 'yes')
        throw Object.assign(new Error('no'), { statusCode: 401, code: 'NO' })
    },
  })
  succeed(registry, 'orders', 1)
  for (const url of [stats, '/api/v1/circuit-breakers', '/metrics', '/monitor/frame']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 401, url)
    t.match(answer.json(), { status: 401, code: 'NO' })
  }
  t.equal((await app.inject(reset)).statusCode, 401)
  t.equal((await app.inject({ ...reset, headers: { authorization: 'yes' } })).statusCode, 200)
  t.equal((await app.inject('/monitor')).statusCode, 200)
  t.same(asked, ['read', 'read', 'read', 'read', 'write', 'write'])
})

test('lets in what comes from this machine, by its name, and not through a proxy', async (t) => {
  const { app, registry } = await gateway(t, { access: 'loopback' })
  succeed(registry, 'orders', 1)
  const ask = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
    (await app.inject({ url: stats, headers, remoteAddress })).statusCode
  t.equal(await ask({ host: 'localhost:3000' }), 200)
  t.equal(await ask({ host: '[::1]:3000' }, '::1'), 200)
  t.equal(await ask({ host: '127.0.0.1' }, '::ffff:127.0.0.1'), 200)
  t.equal(await ask({ host: 'localhost' }, '10.0.0.7'), 403)
  t.equal(await ask({ host: 'rebound.example' }), 403, 'a name of somebody else that points here')
  t.equal(await ask({ host: 'localhost', 'x-forwarded-for': '10.0.0.7' }), 403)
})

test('lets anyone look and nobody act when public', async (t) => {
  const { app, registry } = await gateway(t, { access: 'public' })
  succeed(registry, 'orders', 1)
  t.equal((await app.inject(stats)).statusCode, 200)
  t.match((await app.inject(reset)).json(), { status: 403, code: 'SLUICE_STATS_FORBIDDEN' })
})

test('refuses to act for pages of other sites', async (t) => {
  const { app, registry } = await gateway(t, { access: () => {}, origins: ['https://ops.example.com'] })
  succeed(registry, 'orders', 1)
  const act = async (headers: Record<string, string>, payload?: string) =>
    (
      await app.inject({
        ...reset,
        headers: { host: 'gw.example', ...headers },
        ...(payload === undefined ? {} : { payload }),
      })
    ).statusCode
  t.equal(await act({}), 200, 'no browser')
  t.equal(await act({ origin: 'https://gw.example', 'sec-fetch-site': 'same-origin' }), 200)
  t.equal(await act({ origin: 'https://gw.example' }), 200)
  t.equal(await act({ origin: 'https://ops.example.com', 'sec-fetch-site': 'cross-site' }), 200)
  t.equal(await act({ origin: 'https://evil.example' }), 403)
  t.equal(await act({ origin: 'null' }), 403)
  t.equal(await act({ 'sec-fetch-site': 'cross-site' }), 403)
  t.equal(await act({ 'sec-fetch-site': 'same-site', origin: 'https://other.example' }), 403)
  t.equal(await act({ 'content-type': 'text/plain' }, '{}'), 415, 'a form of another site can send this')
  t.equal(await act({ 'content-type': 'application/json; charset=utf-8' }, '{}'), 200)
})
