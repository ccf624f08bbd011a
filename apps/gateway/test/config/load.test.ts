import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { freePort, startRedis } from '../../../../test/redis.ts'
import { loadConfig, parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'

const orders = { prefix: '/orders', upstream: 'http://127.0.0.1:4001' }

async function problemsOf(
  load: () => unknown,
): Promise<Record<string, { received: string; expected: string }>> {
  try {
    await load()
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(
        error.problems.map(({ path, received, expected }) => [path, { received, expected }]),
      )
    }
    throw error
  }
  throw new Error('nothing was refused')
}

test('a small file gets its defaults, durations in ms and sizes in bytes', async (t) => {
  const config = parseConfig({
    server: { drain: '3s', bodyLimit: '2MB' },
    rateLimit: '100-M',
    services: {
      orders: {
        ...orders,
        circuitBreaker: { open: { durationMs: '10s' } },
        responseCache: { defaultTtl: '5m' },
      },
    },
  })
  t.match(config.server, {
    host: '127.0.0.1',
    port: 3000,
    drain: 3000,
    bodyLimit: 2 * 1024 * 1024,
    trustProxy: false,
  })
  t.strictSame(config.rateLimit, [{ max: 100, window: 60_000, by: 'client' }])
  t.match(config.services.orders, {
    upstream: ['http://127.0.0.1:4001'],
    stripPrefix: true,
    circuitBreaker: { open: { durationMs: 10_000 } },
    responseCache: { defaultTtl: 300_000 },
  })
})

test('everything that is wrong is said at once, with path, value and expectation', async (t) => {
  const dir = t.testdir({
    'gateway.yaml': `
server: { port: 99999 }
redis: { url: redis://127.0.0.1:1 }
auth: { keys: { file: ./nowhere.yaml } }
rateLimit: 100-X
groups: { payment: { members: [bank] } }
services:
  orders:
    prefix: /orders
    upstream: ftp://example
    circuitBreaker: { failureRatio: 1.3, minimumCalls: 0, open: { durationMs: -1 } }
    retrys: 3
    timeouts: { connectMs: soon }
  menu: { prefix: menu }
`,
  })
  const problems = await problemsOf(() => loadConfig({ file: `${dir}/gateway.yaml`, env: {} }))
  t.match(problems, {
    'server.port': { received: '99999', expected: 'a port from 0 to 65535' },
    'redis.url': {
      received: /redis:\/\/127\.0\.0\.1:1 .*ECONNREFUSED/,
      expected: 'a Redis that answers PING',
    },
    'auth.keys.file': { received: /nowhere/, expected: 'a file that can be read' },
    'rateLimit.0': { received: '"100-X"', expected: /100-M/ },
    'groups.payment.members.0': { received: '"bank"', expected: /orders/ },
    'services.orders.upstream.0': { received: '"ftp://example"', expected: /http/ },
    'services.orders.circuitBreaker.failureRatio': { received: '1.3', expected: 'a number ≤ 1' },
    'services.orders.circuitBreaker.minimumCalls': { received: '0', expected: 'a number ≥ 1' },
    'services.orders.circuitBreaker.open.durationMs': { received: '-1', expected: /30s/ },
    'services.orders.retrys': { received: 'an unknown key (3)', expected: /^retry, perhaps\?/ },
    'services.orders.timeouts.connectMs': { received: '"soon"', expected: /milliseconds/ },
    'services.menu.prefix': { received: '"menu"', expected: /slash/ },
    'services.menu.upstream': { received: 'nothing', expected: 'a value' },
  })
})

test('a file that is missing, or no YAML, is a problem with its place', async (t) => {
  const dir = t.testdir({ 'broken.yaml': 'server:\n  port: [1, 2\n', 'list.yaml': '- a\n' })
  t.match(await problemsOf(() => loadConfig({ file: `${dir}/none.yaml`, env: {} })), {
    [`${dir}/none.yaml`]: { received: 'ENOENT' },
  })
  const [place] = Object.keys(await problemsOf(() => loadConfig({ file: `${dir}/broken.yaml`, env: {} })))
  t.match(place, /broken\.yaml:\d+:\d+$/)
  t.match(await problemsOf(() => loadConfig({ file: `${dir}/list.yaml`, env: {} })), {
    [`${dir}/list.yaml`]: { expected: /mapping/ },
  })
})

test('what only the whole can tell', async (t) => {
  const problems = await problemsOf(() =>
    parseConfig({
      server: { http2: true },
      redis: { url: 'redis://a', cluster: ['b:1'] },
      services: {
        orders: { ...orders, circuitBreaker: { fallback: { type: 'cache' } }, apiKey: { scopes: ['x'] } },
        twin: { ...orders },
        stats: { ...orders, prefix: '/stats' },
        backup: { ...orders, prefix: '/b', circuitBreaker: { fallback: { type: 'upstream' } } },
      },
    }),
  )
  t.match(problems, {
    'server.http2': { expected: 'server.tls beside it' },
    redis: { expected: 'exactly one of url, cluster, sentinels' },
    'services.orders.circuitBreaker.fallback.type': { expected: /responseCache/ },
    'services.orders.apiKey': { expected: /auth/ },
    'services.twin.prefix': { expected: 'a prefix that orders does not have' },
    'services.stats.prefix': { expected: /own paths/ },
    'services.backup.circuitBreaker.fallback.origin': { expected: 'the origin to fall back to' },
  })
  t.match(await problemsOf(() => parseConfig({ services: {} })), {
    services: { expected: /ORDERS_SERVICE_URL/ },
  })
})

test('secrets are not repeated in a problem', async (t) => {
  const problems = await problemsOf(() =>
    parseConfig({ auth: { keys: [], pepper: 'hush' }, services: { orders } }),
  )
  t.match(problems, { 'auth.pepper': { received: 'a secret (not shown)' } })
})

test('paths are meant from the folder of the file', async (t) => {
  const dir = t.testdir({
    'keys.yaml': 'keys: []\n',
    'gateway.yaml': `auth: { keys: { file: keys.yaml } }\nservices: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1" } }\n`,
  })
  const config = await loadConfig({ file: `${dir}/gateway.yaml`, env: {} })
  t.strictSame(config.auth?.keys, { file: `${dir}/keys.yaml` })
})

test('a Redis that answers is no problem', { skip: skipWithout('redis-server') }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const env = { REDIS_URL: redis.url, ORDERS_SERVICE_URL: 'http://127.0.0.1:1' }
  t.equal((await loadConfig({ env })).redis?.url, redis.url)
})

test('offline, nobody is asked', async (t) => {
  const env = {
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: `${await freePort()}`,
    ORDERS_SERVICE_URL: 'http://127.0.0.1:1',
  }
  t.equal((await loadConfig({ env, offline: true })).redis?.url, `redis://127.0.0.1:${env.REDIS_PORT}`)
})
