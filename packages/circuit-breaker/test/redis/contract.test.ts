import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { RedisFleetStore } from '../../src/redis/redis-fleet-store.ts'
import { FleetModel, fleetStoreContract, ManualClock } from '../../src/testing/index.ts'

test('the model in memory', async (t) => {
  for (const { name, run } of fleetStoreContract) {
    await t.test(name, async () => {
      const clock = new ManualClock()
      const store = new FleetModel(() => clock.wallNow())
      await run({ store, wait: async (ms) => clock.advance(ms) })
    })
  }
})

test('Redis', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  const redis = new Redis(server.url, { keyPrefix: 'mine:' })
  const plain = new Redis(server.url)
  t.teardown(async () => {
    redis.disconnect()
    plain.disconnect()
    await server.stop()
  })
  for (const { name, run } of fleetStoreContract) {
    await t.test(name, async (t) => {
      await redis.flushall()
      await redis.script('FLUSH')
      await run({ store: new RedisFleetStore(redis, 'contract', 1), wait: (ms) => delay(ms) })
      for (const key of await plain.keys('*')) {
        t.match(key, /^mine:contract:\{cb:0\}:/)
        t.ok((await plain.pttl(key)) > 0, `${key} ends by itself`)
      }
    })
  }
})
