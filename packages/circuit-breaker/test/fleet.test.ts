import { test } from 'tap'
import { BreakerRegistry } from '../src/index.ts'
import { Fleet, parseFleetTuning } from '../src/redis/index.ts'
import { FleetModel, ManualClock, trip } from '../src/testing/index.ts'

/** Lets what was promised come about. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function world(...otherHosts: ManualClock[]) {
  const host = new ManualClock()
  const store = new FleetModel(() => host.wallNow())
  const join = (instance: string, clock = host): { fleet: Fleet; registry: BreakerRegistry } => {
    const fleet = new Fleet({ store, tuning: parseFleetTuning({ instance }), clock, random: () => 0.5 })
    return { fleet, registry: new BreakerRegistry({}, { coordinator: fleet, clock }) }
  }
  /** In steps, so that commands are answered in time. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      for (const clock of [host, ...otherHosts]) clock.advance(50)
      await settle()
    }
  }
  return { join, pass }
}

test('what was forced before the fleet was found holds for it', async (t) => {
  const { join } = world()
  const { registry } = join('a')
  for (const name of ['orders', 'menu']) registry.ensure(name)
  registry.open('orders', { reason: 'retired', forMs: 7_200_000 })
  registry.disable('menu', { reason: 'migration', forMs: 1_800_000 })
  await settle()
  const other = join('b').registry
  for (const name of ['orders', 'menu']) other.ensure(name)
  await settle()
  for (const one of [registry, other]) {
    t.equal(one.get('orders')?.state, 'forced-open')
    t.equal(one.get('menu')?.state, 'disabled')
  }
})

test('a host whose wall clock is an hour ahead opens with the others, and looks again with them', async (t) => {
  const ahead = new ManualClock({ now: 7_000_000, epoch: Date.UTC(2026, 0, 1, 1) })
  const { join, pass } = world(ahead)
  const one = join('a').registry.ensure('orders')
  const other = join('b', ahead).registry.ensure('orders')
  await settle()
  for (const breaker of [one, other]) trip(breaker)
  await settle()
  const both = (): string[] => [one, other].map(({ state, scope }) => `${state} (${scope})`)
  t.same(both(), ['open (fleet)', 'open (fleet)'])
  const { retryAfterMs } = one
  t.equal(other.retryAfterMs, retryAfterMs)
  await pass(retryAfterMs - 50)
  t.same(both(), ['open (fleet)', 'open (fleet)'])
  await pass(100)
  t.same(both(), ['half-open (fleet)', 'half-open (fleet)'])
})

test('an instance tells at most once a second how it stands, and of a hundred breakers', async (t) => {
  const { join, pass } = world()
  const { fleet, registry } = join('a')
  for (let index = 0; index < 150; index += 1) registry.ensure(`upstream-${index}`)
  await settle()
  const before = fleet.counters.sent
  for (let turn = 0; turn < 20; turn += 1) {
    for (const { name } of registry.list()) {
      registry.open(name, { scope: 'local' })
      registry.close(name, { scope: 'local' })
      registry.open(name, { scope: 'local' })
    }
    await pass(50)
  }
  const sent = fleet.counters.sent - before
  t.ok(sent <= 2, `${sent} commands`)
  await pass(2_000)
  const seen = await Promise.all(registry.list().map(({ name }) => fleet.instances(name)))
  t.ok(seen.every(([own]) => own?.state === 'forced-open' && own.scope === 'manual'))
  const watcher = join('b')
  watcher.registry.ensure('upstream-0')
  await settle()
  const told = await Promise.all(registry.list().map(({ name }) => watcher.fleet.instances(name)))
  t.equal(told.filter(([first]) => first?.state === 'forced-open').length, 100)
})

test('an open breaker looks half-open, and then closed, to who watches from afar', async (t) => {
  const { join, pass } = world()
  const [a, b] = [join('a'), join('b')]
  for (const { registry } of [a, b]) registry.ensure('orders')
  await settle()
  for (const { registry } of [a, b]) trip(registry.get('orders')!)
  await settle()
  const seen = async (): Promise<unknown> => (await a.fleet.instances('orders')).map(({ state }) => state)
  t.same(await seen(), ['open', 'open'])
  await pass(40_000)
  t.same(await seen(), ['half-open', 'half-open'])
  a.registry.close('orders')
  await pass(2_000)
  t.same(await seen(), ['closed', 'closed'])
})
