import * as fc from 'fast-check'
import { Cluster, Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis, startRedisCluster } from '../../../../test/redis.ts'
import { MemoryCounter } from '../../src/rate-limit/memory-counter.ts'
import { RedisCounter } from '../../src/rate-limit/redis-counter.ts'
import { advance, read, type WindowCounter } from '../../src/rate-limit/window-counter.ts'

const day = 86_400_000

/** What every counter has to do. The window is a day, so that it does not end while the test runs. */
async function holdsTheContract(t: Test, counter: WindowCounter): Promise<void> {
  t.match(await counter.peek('a', 3, day), { allowed: true, remaining: 3 })
  t.match(await counter.take('a', 3, day), { allowed: true, remaining: 2 })
  t.match(await counter.peek('a', 3, day), { allowed: true, remaining: 2 }, 'looking does not count')
  t.match(await counter.take('b', 3, day), { allowed: true, remaining: 2 }, 'keys count apart')
  await counter.take('a', 3, day)
  t.match(await counter.take('a', 3, day), { allowed: true, remaining: 0 })
  const refused = await counter.take('a', 3, day)
  t.match(refused, { allowed: false, remaining: 0 })
  t.ok(refused.resetMs > 0 && refused.resetMs <= 2 * day)
  await counter.giveBack('a', day)
  t.match(
    await counter.take('a', 3, day),
    { allowed: true, remaining: 0 },
    'what was given back can be taken',
  )
  await counter.giveBack('never seen', day)
  t.match(await counter.peek('never seen', 1, day), { allowed: true, remaining: 1 }, 'nothing to give back')
  t.match(await counter.take('none', 0, day), { allowed: false, remaining: 0, resetMs: day })
  const all = await Promise.all(Array.from({ length: 300 }, async () => counter.take('many', 100, day)))
  t.equal(all.filter(({ allowed }) => allowed).length, 100, 'exact under concurrency')
}

test('the counter in memory holds the contract', (t) => holdsTheContract(t, new MemoryCounter()))

test('the counter in Redis holds the contract', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  const counter = new RedisCounter(redis)
  await holdsTheContract(t, counter)
  const keys = await redis.keys('*')
  t.ok(keys.every((key) => key.startsWith('sluice:limit:v1:{')))
  for (const key of keys) t.ok((await redis.pttl(key)) > 0, `${key} ends by itself`)
})

test(
  'the counter in a Redis Cluster holds the contract',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const nodes = await startRedisCluster()
    t.teardown(() => nodes.stop())
    const cluster = new Cluster(nodes.nodes)
    t.teardown(() => cluster.disconnect())
    await holdsTheContract(t, new RedisCounter(cluster))
  },
)

test(
  'Lua and TypeScript say the same of the same state',
  { skip: skipWithout('redis-server') },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const redis = new Redis(server.url)
    t.teardown(() => redis.disconnect())
    const counter = new RedisCounter(redis)
    const states = fc.record({
      age: fc.integer({ min: 0, max: 3 }),
      current: fc.integer({ min: 0, max: 50 }),
      previous: fc.integer({ min: 0, max: 50 }),
      max: fc.integer({ min: 0, max: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(states, async ({ age, current, previous, max }) => {
        const [seconds = 0] = await redis.time()
        const index = Math.floor((seconds * 1000) / day)
        await redis.hset('sluice:limit:v1:{p}', { i: index - age, c: current, p: previous })
        const before = Date.now() % day
        const reading = await counter.peek('p', max, day)
        const expected = read(advance({ index: index - age, current, previous }, index), before, max, day)
        t.equal(reading.allowed, expected.allowed)
        t.equal(reading.remaining, expected.remaining)
        t.ok(Math.abs(reading.resetMs - expected.resetMs) < 60_000)
      }),
      { numRuns: 100 },
    )
  },
)

test('a window slides: a full one before counts for what a window ending now still covers', (t) => {
  let now = 0
  const counter = new MemoryCounter(100, () => now)
  for (let i = 0; i < 10; i++) counter.take('a', 10, 1000)
  now = 999
  t.equal(counter.take('a', 10, 1000).allowed, false)
  now = 1000
  const refused = counter.take('a', 10, 1000)
  t.match(refused, { allowed: false, resetMs: 100 }, 'a new window is not a new budget')
  now = 1500
  const taken = Array.from({ length: 10 }, () => counter.take('a', 10, 1000))
  t.equal(taken.filter(({ allowed }) => allowed).length, 5)
  now = 3500
  t.match(counter.peek('a', 10, 1000), { allowed: true, remaining: 10 })
  t.end()
})

test('who waits as long as told gets through, and not earlier', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 10, max: 5000 }),
      fc.array(fc.integer({ min: 0, max: 800 }), { minLength: 1, maxLength: 60 }),
      (max, windowMs, pauses) => {
        let now = 1_000_000
        const counter = new MemoryCounter(100, () => now)
        for (const pause of pauses) {
          now += pause
          const reading = counter.take('a', max, windowMs)
          if (reading.allowed) continue
          // Told in whole milliseconds, rounded up.
          const told = reading.resetMs
          now += Math.max(0, told - 2)
          t.equal(counter.peek('a', max, windowMs).allowed, false)
          now += Math.min(2, told)
          t.equal(counter.peek('a', max, windowMs).allowed, true)
        }
      },
    ),
    { numRuns: 200 },
  )
  t.end()
})

test('never more than the limit in one burst, wherever the windows lie', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 30 }), (start, max) => {
      let now = start
      const counter = new MemoryCounter(100, () => now)
      let allowed = 0
      for (let i = 0; i < max * 3; i++) {
        now += i % 2
        if (counter.take('a', max, 10_000).allowed) allowed++
      }
      t.ok(allowed <= max)
    }),
    { numRuns: 100 },
  )
  t.end()
})

test('memory is bounded, and forgets the quietest key', (t) => {
  const counter = new MemoryCounter(3)
  for (const key of ['a', 'b', 'c', 'a', 'd']) counter.take(key, 10, day)
  t.equal(counter.size, 3)
  t.equal(counter.peek('b', 10, day).remaining, 10)
  t.equal(counter.peek('a', 10, day).remaining, 8)
  t.end()
})
