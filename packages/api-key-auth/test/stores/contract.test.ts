import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis, startRedisCluster } from '../../../../test/redis.ts'
import { fileKeys, memoryKeys } from '../../src/index.ts'
import { redisKeys } from '../../src/redis/index.ts'
import { apiKeyStoreContract, type StoreContractOptions } from '../../src/testing/index.ts'

/** The contract as subtests of `t`. */
async function contract(t: Test, open: StoreContractOptions['open']): Promise<void> {
  const tests: Promise<unknown>[] = []
  apiKeyStoreContract({
    open,
    test: (name, run) =>
      tests.push(
        t.test(name, async (t) => {
          await run()
          t.pass()
        }),
      ),
  })
  await Promise.all(tests)
}

test('memory', (t) => contract(t, () => memoryKeys()))

test('file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  let count = 0
  await contract(t, () => fileKeys(join(folder, `keys-${count++}.yaml`), { pollMs: 20 }))
})

test('Redis', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  await contract(t, async () => {
    await redis.flushall()
    return redisKeys(redis)
  })
  const store = redisKeys(redis, { prefix: 'other' })
  t.same(await store.list(), [], 'stores of different prefixes know nothing of each other')
  const keys = await redis.keys('*')
  t.ok(keys.length > 0 && keys.every((key) => key.startsWith('{sluice:keys:v1}:')))
})

test('Redis Cluster', { skip: skipWithout('redis-server') }, async (t) => {
  const nodes = await startRedisCluster()
  t.teardown(() => nodes.stop())
  const redis = new Cluster(nodes.nodes)
  t.teardown(() => redis.disconnect())
  await contract(t, async () => {
    await Promise.all(redis.nodes('master').map((node) => node.flushall()))
    return redisKeys(redis)
  })
})
