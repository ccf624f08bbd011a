/** Defects of system S1 where state is shared, and those of S2, as acceptance tests. */
import { Redis } from 'ioredis'
import { type Test, test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { type Instance, mode, startInstance, until } from './instances.ts'

const skip = skipWithout('redis-server')
const VERDICTS = 'sluice:{cb:0}:v1:verdicts'

interface Shared {
  readonly instances: readonly [Instance, Instance, Instance]
  /** A connection of the test's own. */
  readonly observer: Redis
}

async function share(t: Test, breaker = {}): Promise<Shared> {
  const server = await startRedis()
  const observer = new Redis(server.url)
  t.teardown(async () => {
    observer.disconnect()
    await server.stop()
  })
  const start = (name: string): Promise<Instance> => startInstance(t, server.url, name, { breaker })
  const instances = [await start('a'), await start('b'), await start('c')] as const
  const known = ({ app }: Instance): unknown => app.circuitBreakers.get('orders')!.snapshot().fleet?.instances
  await until(() => instances.every((one) => mode(one) === 'shared' && known(one) === 3), 'all know of all')
  return { instances, observer }
}

/** Two of three see the outage. */
async function openAll([a, b, c]: Shared['instances']): Promise<void> {
  a.upstream.down = b.upstream.down = true
  await until(async () => {
    await Promise.all([a.get(), b.get()])
    return [a, b, c].every((one) => one.state() === 'open (fleet)')
  }, 'all are open')
}

test(
  'an instance learns that the others opened while it runs, not only when it starts',
  { skip },
  async (t) => {
    const { instances } = await share(t)
    await openAll(instances)
    const [, , c] = instances
    t.equal(await c.get(), 503)
    t.match(c.app.circuitBreakers.get('orders')!.snapshot().totals, { failures: 0, rejects: 1 })
  },
)

test('calls neither write to Redis nor wait for it, and no count gets lost', { skip }, async (t) => {
  const { instances, observer } = await share(t)
  const before = await commands(observer)
  const from = performance.now()
  const calls = instances.flatMap((one) => Array.from({ length: 300 }, () => one.get()))
  t.ok((await Promise.all(calls)).every((status) => status === 200))
  const beats = instances.length * (1 + (performance.now() - from) / 500)
  const asked = (await commands(observer)) - before
  t.ok(asked <= beats, `${asked} scripts for ${calls.length} calls: those of the heartbeats`)
  for (const { app } of instances)
    t.equal(app.circuitBreakers.get('orders')!.snapshot().totals.successes, 300)
})

test("a hundred breakers share the caller's connection, and one for messages", { skip }, async (t) => {
  const { instances, observer } = await share(t)
  for (const { app } of instances) {
    for (let made = 0; made < 100; made += 1) app.circuitBreakers.ensure(`upstream-${made}`)
  }
  await Promise.all(instances.map((one) => one.get()))
  const clients = String(await observer.client('LIST'))
    .trim()
    .split('\n')
  t.equal(clients.length, 1 + 2 * instances.length)
})

test('what expires in Redis closes no open breaker', { skip }, async (t) => {
  const { instances, observer } = await share(t, { open: { durationMs: 60_000 } })
  await openAll(instances)
  t.equal(await observer.pexpire(VERDICTS, -1), 1, 'it is gone at once')
  await until(async () => (await observer.hlen(VERDICTS)) === 1, 'the instances restore it')
  t.same(
    instances.map((one) => one.state()),
    ['open (fleet)', 'open (fleet)', 'open (fleet)'],
  )
})

/** How many scripts Redis has run. */
async function commands(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats')
  const counts = stats.matchAll(/^cmdstat_(?:eval|evalsha)[^:]*:calls=(\d+)/gm)
  return Array.from(counts, ([, calls]) => Number(calls)).reduce((sum, calls) => sum + calls, 0)
}
