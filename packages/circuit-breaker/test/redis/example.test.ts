import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { startInstance } from '../../examples/fleet.ts'
import { until } from './instances.ts'

test('examples/fleet.ts', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  const redis = new Redis(server.url)
  const all = await Promise.all(['a', 'b', 'c'].map((name) => startInstance(redis, name)))
  t.teardown(async () => {
    for (const { fleet } of all) fleet.close()
    redis.disconnect()
    await server.stop()
  })
  await until(() => all.every(({ fleet }) => fleet.mode === 'shared'))
  const [a, b, c] = all
  await until(() => {
    for (const one of [a, b]) {
      const permit = one?.orders.acquire()
      if (permit?.admitted) permit.failure()
    }
    return c?.orders.state === 'open'
  })
  t.match(c?.orders.snapshot(), { scope: 'fleet', reason: /of 3 instances/ })
  const [last] = (await c?.fleet.history()) ?? []
  t.match(last, { breaker: 'orders', state: 'open', votes: 2 })
  t.ok((c?.fleet.counters.sent ?? 0) > 0)
})
