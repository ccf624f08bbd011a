import { test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { ConfigError, Problem } from '../../src/config/problem.ts'

const ordersUrl = { ORDERS_SERVICE_URL: 'http://127.0.0.1:4001' }

test('the environment alone makes a gateway', async (t) => {
  const config = await loadConfig({
    env: {
      ...ordersUrl,
      BANK_API_SERVICE_URL: 'http://127.0.0.1:4002',
      PORT: '4310',
      API_KEY: 'open sesame',
      RATE_LIMIT: '100-M',
      CACHE_TTL: '300',
      CIRCUIT_BREAKER_TIMEOUT: '10000',
      CIRCUIT_BREAKER_ERROR_THRESHOLD: '50',
      CIRCUIT_BREAKER_RESET_TIMEOUT: '30000',
    },
  })
  t.match(config, {
    server: { port: 4310 },
    auth: { keys: [], plainKey: 'open sesame', header: 'x-api-key' },
    rateLimit: [{ max: 100, window: 60_000 }],
    defaults: {
      responseCache: { defaultTtl: 300_000 },
      circuitBreaker: { timeoutMs: 10_000, failureRatio: 0.5, open: { durationMs: 30_000 } },
    },
    services: {
      orders: { prefix: '/orders', upstream: ['http://127.0.0.1:4001'] },
      'bank-api': { prefix: '/bank-api', upstream: ['http://127.0.0.1:4002'] },
    },
  })
})

test('REDIS_HOST and REDIS_PORT stand for a URL', async (t) => {
  const config = await loadConfig({
    env: { ...ordersUrl, REDIS_HOST: 'cache', REDIS_PORT: '6380' },
    offline: true,
  })
  t.strictSame(config.redis, { url: 'redis://cache:6380', name: 'mymaster' })
})

test('over a file, a variable wins, and moves only services that the file names', async (t) => {
  const dir = t.testdir({
    'gateway.yaml':
      'server: { port: 3000 }\nservices: { orders: { prefix: /o, upstream: "http://127.0.0.1:1" } }\n',
  })
  const env = { ...ordersUrl, STRAY_SERVICE_URL: 'http://127.0.0.1:2', PORT: '4000' }
  const config = await loadConfig({ file: `${dir}/gateway.yaml`, env })
  t.equal(config.server.port, 4000)
  t.strictSame(Object.keys(config.services), ['orders'])
  t.match(config.services.orders, { prefix: '/o', upstream: ['http://127.0.0.1:4001'] })
})

async function problemsOf(loading: Promise<unknown>): Promise<readonly Problem[]> {
  return loading.then(
    () => [],
    (error: ConfigError) => error.problems,
  )
}

test('a variable that is no number is reported where it would stand', async (t) => {
  t.match(await problemsOf(loadConfig({ env: { ...ordersUrl, PORT: 'eighty' } })), [
    { path: 'server.port', received: '"eighty"' },
  ])
  t.match(await problemsOf(loadConfig({ env: { ...ordersUrl, CACHE_TTL: 'soon' } })), [
    { path: 'defaults.responseCache.defaultTtl' },
  ])
})

test('placeholders in the file', async (t) => {
  const dir = t.testdir({
    'gateway.yaml': `
server: { host: "\${HOST:-127.0.0.1}", port: "1" }
services:
  orders:
    prefix: /\${PREFIX}
    upstream: http://\${TARGET}
    responseCache:
      defaultTtl: \${TTL:-30s}
    retry:
      attempts: \${RETRIES:-2}
`.replace('port: "1"', 'port: 3000'),
  })
  const file = `${dir}/gateway.yaml`
  const config = await loadConfig({ file, env: { PREFIX: 'orders', TARGET: '127.0.0.1:4001', HOST: '' } })
  t.match(config.services.orders, {
    prefix: '/orders',
    responseCache: { defaultTtl: 30_000 },
    retry: { attempts: 2 },
  })
  t.equal(config.server.host, '127.0.0.1')
  t.match(await problemsOf(loadConfig({ file, env: {} })), [
    { path: 'services.orders.prefix', received: '${PREFIX}' },
    { path: 'services.orders.upstream' },
  ])
})
