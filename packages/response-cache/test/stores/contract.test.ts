import { Cluster, Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis, startRedisCluster } from '../../../../test/redis.ts'
import { MemoryStore } from '../../src/memory/memory-store.ts'
import { Invalidations } from '../../src/invalidations.ts'
import { redisTier, type Lease, type RedisTierOptions, type RemoteHost } from '../../src/redis/index.ts'
import { cacheStoreContract, type CacheStore, type StoreContractHost } from '../../src/testing/index.ts'
import { until } from '../app.ts'

test('memory', (t) => {
  cacheStoreContract({
    test: (name, run) => void t.test(name, run),
    open: (host) => new MemoryStore({ ...host, maxBytes: 10_000_000, maxEntryBytes: 1_000_000 }),
  })
  t.end()
})

const skip = skipWithout('redis-server')

test('Redis', { skip }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  for (const compression of [false, 'gzip', 'brotli'] as const) {
    await t.test(`compression ${compression}`, (t) => {
      cacheStoreContract({
        test: (name, run) => void t.test(name, run),
        open: (host) => openTier(t, redis, host, { compression }),
      })
      t.end()
    })
  }
  await everyKeyHasATtl(t, redis)
})

test('Redis Cluster', { skip }, async (t) => {
  const servers = await startRedisCluster()
  t.teardown(() => servers.stop())
  const redis = new Cluster(servers.nodes)
  t.teardown(() => redis.disconnect())
  // A tier gives up where a connection is still being made; what it then does is tested elsewhere.
  await redis.ping()
  await Promise.all(redis.nodes('master').map((node) => node.ping()))
  await t.test('contract', (t) => {
    cacheStoreContract({
      test: (name, run) => void t.test(name, run),
      open: (host) => openTier(t, redis, host, {}),
    })
    t.end()
  })
  await t.test('messages and leases reach other instances', async (t) => {
    const heard: string[] = []
    const host = (): RemoteHost => ({
      now: Date.now,
      invalidations: new Invalidations(),
      waitMs: 5000,
      invalidated: (resource, mode) => heard.push(`${mode} ${resource}`),
      missed: () => {},
    })
    const others = new Cluster(servers.nodes)
    const [a, b] = [
      redisTier(redis, { deadline: 5000 })(host()),
      redisTier(others, { deadline: 5000 })(host()),
    ]
    t.teardown(async () => {
      await a.close()
      await b.close()
      others.disconnect()
    })
    await until(() => a.state === 'up' && b.state === 'up')
    await a.invalidate('/menu', 'soft')
    await until(() => heard.length > 0)
    t.same(heard, ['soft /menu'], 'who purged is not told')
    const flight = { resource: '/menu', place: 'key' }
    const held = await a.lease(flight, true)
    t.equal(held.kind, 'held')
    t.equal((await b.lease(flight, false)).kind, 'taken')
    const waiting = b.lease(flight, true)
    if (held.kind === 'held') held.end('uncacheable')
    t.ok(['uncacheable', undefined].includes(landingOf(await waiting)))
  })
  for (const node of redis.nodes('master')) await everyKeyHasATtl(t, node)
})

/** How it landed; undefined where the holder had given it back before. */
function landingOf(lease: Lease): string | undefined {
  return lease.kind === 'landed' ? lease.landing : undefined
}

async function openTier(
  t: Test,
  redis: Redis | Cluster,
  host: StoreContractHost,
  options: RedisTierOptions,
): Promise<CacheStore> {
  const tier = redisTier(redis, { deadline: 5000, ...options })({
    ...host,
    waitMs: 1000,
    invalidated: () => {},
    missed: () => {},
  })
  t.teardown(() => tier.close())
  await until(() => tier.state === 'up')
  return tier
}

async function everyKeyHasATtl(t: Test, redis: Redis): Promise<void> {
  const keys = await redis.keys('*')
  const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))
  t.ok(ttls.every((ttl) => ttl > 0))
  t.ok(keys.every((key) => key.startsWith('sluice:rc:v1:default:')))
}
