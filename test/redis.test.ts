import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from './binary.ts'
import { startRedis, startRedisCluster } from './redis.ts'

test(
  'a Redis of the test’s own answers, dies and comes back empty',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const redis = new Redis(server.url)
    redis.on('error', () => {})
    t.teardown(() => redis.disconnect())
    await redis.set('a', '1')
    await server.kill()
    await server.restart()
    t.equal(await redis.get('a'), null)
  },
)

test('a cluster of six has three replicas', { skip: skipWithout('redis-server') }, async (t) => {
  const cluster = await startRedisCluster()
  t.teardown(() => cluster.stop())
  const redis = new Redis(cluster.nodes[0]?.port ?? 0)
  t.teardown(() => redis.disconnect())
  const nodes = await redis.cluster('NODES')
  t.equal(String(nodes).match(/slave/g)?.length, 3)
})
