import { Redis } from 'ioredis'
import { type Test, test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { type RedisProcess, startRedis } from '../../../../test/redis.ts'
import { type Instance, mode, quick, startInstance, until } from './instances.ts'

const skip = skipWithout('redis-server')

async function start(t: Test): Promise<RedisProcess> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  return server
}

async function three(t: Test, server: RedisProcess, breaker = {}): Promise<[Instance, Instance, Instance]> {
  const made = await Promise.all(
    ['a', 'b', 'c'].map((name) => startInstance(t, server.url, name, { breaker })),
  )
  await until(() => made.every((one) => mode(one) === 'shared'), 'all are in touch')
  await until(
    () => made.every(({ app }) => app.circuitBreakers.get('orders')!.snapshot().fleet!.instances === 3),
    'all know of all',
  )
  return made as [Instance, Instance, Instance]
}

test('one probe at a time in the whole fleet, and all recover', { skip }, async (t) => {
  const all = await three(t, await start(t), quick)
  const [a, b] = all
  let probes = 0
  for (const { app } of all)
    app.circuitBreakers.on('probe', ({ result }) => (probes += Number(result === 'started')))
  a.upstream.down = b.upstream.down = true
  await until(async () => {
    await Promise.all([a.get(), b.get()])
    return all.every((one) => one.state().endsWith('(fleet)') && !one.state().startsWith('closed'))
  })
  a.upstream.down = b.upstream.down = false
  await until(async () => {
    await Promise.all(all.map((one) => one.get()))
    return all.every((one) => one.state() === 'closed (fleet)')
  })
  t.ok(probes >= 2, `${probes} probes`)
  const { epoch } = a.app.circuitBreakers.get('orders')!.snapshot().fleet!
  t.ok(all.every(({ app }) => app.circuitBreakers.get('orders')!.snapshot().fleet!.epoch === epoch))
})

test('who looks sees each instance, and a reset ends what one opened alone', { skip }, async (t) => {
  const [a, b, c] = await three(t, await start(t))
  a.upstream.down = true
  await until(async () => (await a.get()) === 503, 'it opens alone')
  const { fleet } = c.app.circuitBreakers
  const seen = async () => (await fleet!.instances('orders')).map((one) => `${one.state} (${one.scope})`)
  const [open, closed] = ['open (local)', 'closed (fleet)']
  await until(async () => (await seen()).includes(open), 'the others can see it')
  t.same(await seen(), [open, closed, closed])
  t.match(await fleet!.instances('orders'), [
    { instance: 'a', mode: 'shared', self: false },
    { instance: 'b', mode: 'shared', self: false },
    { instance: 'c', mode: 'shared', self: true },
  ])
  a.upstream.down = false
  b.app.circuitBreakers.reset('orders', { actor: 'ann', reason: 'mended' })
  await until(() => a.state() === 'closed (fleet)', 'it is closed by another instance')
  t.equal(await a.get(), 200)
  await until(async () => (await seen()).every((state) => state === closed), 'all agree')
  await until(async () => (await fleet!.history('orders')).length === 1, 'it is written down')
  t.match(await fleet!.history('orders'), [{ state: 'closed', actor: 'ann', reason: 'mended' }])
  t.same(await fleet!.history('menu'), [])
  t.match(fleet!.counters, { modes: { shared: 1, stale: 0, local: 0 }, lagMs: Number })
})

test('forces, their end and pauses hold for all, with who and why', { skip }, async (t) => {
  const server = await start(t)
  const [a, b, c] = await three(t, server)
  a.app.circuitBreakers.open('orders', { actor: 'ann', reason: 'maintenance', forMs: 60_000 })
  await until(() => [a, b, c].every((one) => one.state() === 'forced-open (fleet)'))
  t.match(c.app.circuitBreakers.get('orders')!.snapshot().forced, { actor: 'ann', reason: 'maintenance' })
  t.ok((c.app.circuitBreakers.get('orders')!.snapshot().forced?.until ?? 0) > Date.now() + 30_000)
  const late = await startInstance(t, server.url, 'late')
  t.equal(late.state(), 'forced-open (fleet)', 'who comes later is told before it is ready')
  b.app.circuitBreakers.close('orders', { actor: 'bob' })
  await until(() => [a, b, c].every((one) => one.state().startsWith('closed')))
  b.app.circuitBreakers.get('orders')!.pause(60_000, 'retry-after')
  await until(() => [a, b, c].every((one) => one.state() === 'open (fleet)'))
  t.match(a.app.circuitBreakers.get('orders')!.acquire(), { admitted: false, reason: 'pause' })
})

test(
  'what is forced while Redis is away reaches all when it is back, and outlives its data',
  { skip },
  async (t) => {
    const server = await start(t)
    const all = await three(t, server)
    await server.kill()
    await until(() => all.every((one) => mode(one) === 'local'), 'all are on their own')
    all[0].app.circuitBreakers.open('orders', { reason: 'while Redis is away' })
    await server.restart()
    await until(() => all.every((one) => one.state() === 'forced-open (fleet)'), 'all agree again')
    for (const { app, events } of all) {
      t.same(
        events.map((event) => event.mode),
        ['shared', 'local', 'shared'],
      )
      t.match(app.circuitBreakers.fleet?.counters, { modes: { shared: 2, local: 1 } })
    }
    const redis = new Redis(server.url)
    t.teardown(() => redis.disconnect())
    await redis.flushall()
    await until(async () => (await redis.hlen('sluice:{cb:0}:v1:verdicts')) === 1, 'the verdict is restored')
  },
)
