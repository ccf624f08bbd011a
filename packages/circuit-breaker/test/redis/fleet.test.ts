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

test('what two of three see failing opens all three', { skip }, async (t) => {
  const all = await three(t, await start(t))
  const [a, b, c] = all
  for (const one of all) for (let call = 0; call < 20; call += 1) await one.get()
  a.upstream.down = b.upstream.down = true
  const tookMs = await until(async () => {
    await Promise.all([a.get(), b.get()])
    return c.state() === 'open (fleet)'
  })
  t.comment(`the third was open after ${Math.round(tookMs)} ms`)
  await until(() => all.every((one) => one.state() === 'open (fleet)'))
  const { fleet, reason } = c.app.circuitBreakers.get('orders')!.snapshot()
  t.match(fleet, { mode: 'shared', votes: 2, instances: 3 })
  t.match(reason, '2 of 3 instances')
  t.equal(await c.get(), 503)
})

test('what one alone sees failing opens that one alone', { skip }, async (t) => {
  const all = await three(t, await start(t))
  const [a, b, c] = all
  a.upstream.down = true
  await until(async () => {
    for (const one of all) await one.get()
    return a.state() === 'open (local)'
  })
  await until(() => a.app.circuitBreakers.get('orders')!.snapshot().fleet!.votes === 1)
  for (const other of [b, c]) {
    t.equal(other.state(), 'closed (local)')
    t.equal(await other.get(), 200)
  }
})

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

test('no Redis command for any request, open or closed', { skip }, async (t) => {
  const server = await start(t)
  const all = await three(t, server)
  const plain = new Redis(server.url)
  const monitor = await plain.monitor()
  t.teardown(() => {
    monitor.disconnect()
    plain.disconnect()
  })
  let scripts = 0
  let beats = 0
  monitor.on('monitor', (_time: string, [command, , , ...rest]: string[]) => {
    if (!/^eval/i.test(command ?? '')) return
    if (rest.some((part) => part.includes('"leaving"'))) beats += 1
    else scripts += 1
  })
  for (let call = 0; call < 300; call += 1) await all[call % 3]?.get()
  for (const { app } of all) app.circuitBreakers.open('orders', { scope: 'local' })
  for (let call = 0; call < 300; call += 1) t.equal(await all[call % 3]?.get(), 503)
  await until(() => beats > 0)
  t.equal(scripts, 0)
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
  'Redis dies under load and comes back empty: no request fails, and what was in force stays',
  { skip },
  async (t) => {
    const server = await start(t)
    const all = await three(t, server, { open: { durationMs: 60_000 } })
    const [a] = all
    let failed = 0
    let calls = 0
    const load = { on: true }
    const loaded = Promise.all(
      all.map(async (one) => {
        for (; load.on; calls += 1) {
          if ((await one.get()) !== 200) failed += 1
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      }),
    )
    await server.kill()
    const lostMs = await until(() => all.every((one) => mode(one) === 'local'), 'all are on their own')
    t.comment(`local after ${Math.round(lostMs)} ms`)
    const before = calls
    await until(() => calls > before + 100, 'requests go on')
    load.on = false
    await loaded
    t.equal(failed, 0, `of ${calls} calls`)
    a.app.circuitBreakers.open('orders', { scope: 'fleet', reason: 'while Redis is away' })
    await server.restart()
    const backMs = await until(
      () => all.every((one) => one.state() === 'forced-open (fleet)'),
      'all agree again',
    )
    t.comment(`agreed again after ${Math.round(backMs)} ms`)
    for (const { events } of all) {
      const modes = events.map((event) => event.mode)
      t.equal(modes.at(-1), 'shared')
      t.ok(modes.includes('local'))
    }
    const redis = new Redis(server.url)
    t.teardown(() => redis.disconnect())
    await redis.flushall()
    await until(async () => (await redis.hlen('sluice:{cb:0}:v1:verdicts')) === 1, 'the verdict is restored')
  },
)
