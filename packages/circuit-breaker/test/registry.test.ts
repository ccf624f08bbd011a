import { test } from 'tap'
import { BreakerRegistry, OptionsError, UnknownBreakerError } from '../src/index.ts'
import { trip, ManualClock } from '../src/testing/index.ts'
import { problemsOf } from './problems.ts'
import { permit, refusal } from './subject.ts'

function registryOf(options: ConstructorParameters<typeof BreakerRegistry>[0] = {}): {
  registry: BreakerRegistry
  clock: ManualClock
} {
  const clock = new ManualClock()
  return { registry: new BreakerRegistry(options, { clock, random: () => 0.5 }), clock }
}

test('makes breakers from its options, with its defaults', (t) => {
  const { registry } = registryOf({
    defaults: { minimumCalls: 5, open: { durationMs: 1_000 } },
    breakers: { orders: { open: { factor: 3 } }, menu: {} },
  })
  t.match(registry.get('orders')?.options, { minimumCalls: 5, open: { durationMs: 1_000, factor: 3 } })
  t.same(
    registry.list().map(({ name }) => name),
    ['orders', 'menu'],
  )
  t.same(
    registry.stats().map(({ name, state }) => `${name} ${state}`),
    ['orders closed', 'menu closed'],
  )
  t.equal(registry.get('nobody'), undefined)
  t.end()
})

test('tells the problems of all breakers at once', (t) => {
  try {
    registryOf({ breakers: { a: { minimumCalls: 0 }, b: {}, c: { failureRatio: 7 } } })
    t.fail()
  } catch (error) {
    t.type(error, OptionsError)
    t.same(
      (error as OptionsError).problems.map(({ path }) => path),
      ['breakers.a.minimumCalls', 'breakers.c.failureRatio'],
    )
  }
  t.throws(() => registryOf({ defaults: { minimumCalls: 0 } }), { code: 'SLUICE_BREAKER_OPTIONS' })
  t.end()
})

test('ensure gives the breaker of that name, and refuses two sets of options for one', (t) => {
  const { registry } = registryOf()
  const orders = registry.ensure('orders', { minimumCalls: 5 })
  t.equal(registry.ensure('orders'), orders)
  t.equal(registry.ensure('orders', { minimumCalls: 5 }), orders)
  orders.update({ minimumCalls: 7 })
  t.equal(registry.ensure('orders', { minimumCalls: 5 }), orders, 'what it was made with counts')
  t.match(
    problemsOf(() => registry.ensure('orders', { minimumCalls: 6 })),
    [{ path: 'breakers.orders', expected: 'the options it was made with before' }],
  )
  t.throws(() => registry.ensure('orders', {}), { code: 'SLUICE_BREAKER_OPTIONS' })
  t.end()
})

test('controls by name', (t) => {
  const { registry } = registryOf({ breakers: { orders: {} } })
  const orders = registry.get('orders')!
  registry.open('orders', { reason: 'maintenance' })
  t.equal(orders.state, 'forced-open')
  registry.disable('orders')
  t.equal(orders.state, 'disabled')
  registry.close('orders')
  t.equal(orders.state, 'closed')
  trip(orders)
  registry.reset('orders')
  t.equal(orders.state, 'closed')
  for (const control of ['open', 'close', 'disable', 'reset'] as const) {
    t.throws(() => registry[control]('nobody'), new UnknownBreakerError('nobody'))
  }
  t.match(new UnknownBreakerError('x'), { code: 'SLUICE_BREAKER_UNKNOWN', statusCode: 404, breaker: 'x' })
  t.end()
})

test('reset without a name: all of them, by key and of groups as well', (t) => {
  const { registry } = registryOf({ groups: { shop: { members: ['a', 'b'] } } })
  const [a, b, key] = [registry.ensure('a'), registry.ensure('b'), registry.keyed('tenant').get('x')]
  for (const breaker of [a, b, key]) trip(breaker)
  registry.open('tenant', { reason: 'maintenance' })
  t.equal(registry.get('group:shop')?.state, 'open')
  permit(t, registry.ensure('menu')).failure()
  const actors: unknown[] = []
  registry.on('transition', ({ actor }) => actors.push(actor))
  registry.reset(undefined, { actor: 'ann' })
  t.same(
    registry.stats().map(({ name, state, window }) => `${name} ${state} ${window.calls}`),
    [
      'a closed 0',
      'b closed 0',
      'tenant closed 0',
      'menu closed 0',
      'tenant:x closed 0',
      'group:shop closed 0',
    ],
  )
  t.ok(actors.includes('ann'))
  t.end()
})

test('hears the events of all its breakers', (t) => {
  const { registry } = registryOf({ breakers: { a: {}, b: {} } })
  const heard: string[] = []
  const off = registry.on('transition', ({ breaker, to }) => heard.push(`${breaker} ${to}`))
  trip(registry.get('a')!)
  trip(registry.ensure('c'))
  off()
  trip(registry.get('b')!)
  t.same(heard, ['a open', 'c open'])
  t.end()
})

test('keys: a breaker each, seen under the template', (t) => {
  const { registry } = registryOf()
  const tenants = registry.keyed('tenant', { minimumCalls: 1 })
  const a = tenants.get('a')
  t.equal(a.name, 'tenant:a')
  t.equal(tenants.get('a'), a)
  t.not(tenants.get('b'), a)
  t.equal(a.options.minimumCalls, 1)
  t.equal(registry.get('tenant:a'), a)
  t.equal(registry.get('tenant:nobody'), undefined)
  t.equal(registry.keyed('tenant'), tenants)
  t.match(a.snapshot(), { template: 'tenant' })
  t.same(
    registry.list().map(({ name }) => name),
    ['tenant', 'tenant:a', 'tenant:b'],
  )
  t.throws(() => registry.keyed('tenant', { minimumCalls: 2 }), { code: 'SLUICE_BREAKER_OPTIONS' })
  t.match(
    problemsOf(() => registry.keyed('other', {}, { max: 0 })),
    [{ path: 'breakers.other.maxBreakers', received: 0 }],
  )
  t.end()
})

test('fedify #916: keys: the longest unused makes room', (t) => {
  const { registry } = registryOf()
  const keyed = registry.keyed('k', {}, { max: 2 })
  const a = keyed.get('a')
  const b = keyed.get('b')
  keyed.get('a')
  keyed.get('c')
  t.equal(keyed.size, 2)
  t.equal(keyed.get('a'), a)
  t.not(keyed.get('b'), b)
  t.end()
})

test('bytedance/gopkg #254: a breaker that is not closed, or in use, never makes room', (t) => {
  const { registry } = registryOf()
  const keyed = registry.keyed('k', { minimumCalls: 1 }, { max: 3 })
  const open = keyed.get('open')
  permit(t, open).failure()
  const busy = keyed.get('busy')
  permit(t, busy)
  for (let key = 0; key < 100; key += 1) keyed.get(`free ${key}`)
  t.equal(keyed.size, 3)
  t.equal(keyed.get('open'), open)
  t.equal(keyed.get('busy'), busy)
  const last = keyed.get('last')
  permit(t, last)
  t.equal(keyed.get('one too many').name, 'k', 'they share the one of the template')
  t.equal(keyed.size, 3)
  t.end()
})

test('keys: a search for room does not look at all of them each time', (t) => {
  const { registry } = registryOf()
  const keyed = registry.keyed('k', { minimumCalls: 1 }, { max: 40 })
  for (let key = 0; key < 39; key += 1) permit(t, keyed.get(`open ${key}`)).failure()
  keyed.get('free')
  const answers = [1, 2, 3].map((next) => keyed.get(`next ${next}`).name)
  t.ok(answers.includes('k'), 'a search gives up')
  t.ok(
    answers.some((name) => name !== 'k'),
    'and the next one goes on where it stopped',
  )
  t.end()
})

test('groups: members join by their own option, with a ratio of one half', (t) => {
  const { registry } = registryOf({ breakers: { a: { group: 'g' }, b: { group: 'g' }, c: { group: 'g' } } })
  trip(registry.get('a')!)
  t.equal(registry.get('group:g')?.state, 'closed')
  trip(registry.get('b')!)
  t.equal(registry.get('group:g')?.state, 'open')
  t.equal(refusal(t, registry.get('c')!).reason, 'group')
  t.equal(registry.get('c')?.snapshot().group, 'g')
  t.ok(registry.list().some(({ name }) => name === 'group:g'))
  t.end()
})

test('groups: one that fails its probe closes the group again', (t) => {
  const { registry, clock } = registryOf({
    groups: { g: { members: ['a', 'b'], openRatio: 0.4 } },
    breakers: { a: {}, b: {} },
  })
  const a = registry.ensure('a')
  const b = registry.ensure('b')
  const seen: string[] = []
  registry.on('transition', ({ breaker, to, reason }) => {
    if (breaker === 'group:g') seen.push(`${to}: ${reason}`)
  })
  trip(a)
  t.equal(refusal(t, b).reason, 'group')
  clock.advance(30_000)
  permit(t, a).failure()
  permit(t, b).success()
  permit(t, a).failure()
  t.equal(registry.get('group:g')?.state, 'open')
  t.equal(refusal(t, b).retryAfterMs, 60_000)
  clock.advance(60_000)
  permit(t, a).success()
  permit(t, a).success()
  t.equal(registry.get('group:g')?.state, 'closed')
  t.same(seen, [
    'open: 1 of 2 members are open',
    'half-open: time to look again',
    'closed: 0 of 2 members are open',
    'open: 1 of 2 members are open',
    'half-open: time to look again',
    'closed: 0 of 2 members are open',
  ])
  t.end()
})

test('groups: opened by hand, every member refuses; a disabled member does not', (t) => {
  const { registry } = registryOf({ groups: { g: { members: ['a', 'b'] } }, breakers: { a: {}, b: {} } })
  registry.open('group:g', { reason: 'maintenance' })
  t.equal(refusal(t, registry.get('a')!).reason, 'group')
  registry.disable('a')
  permit(t, registry.get('a')!)
  trip(registry.ensure('c', { group: 'h' }))
  registry.close('group:g')
  permit(t, registry.get('b')!)
  t.end()
})

test('groups: of groups', (t) => {
  const { registry } = registryOf({
    groups: {
      outer: { members: ['group:inner', 'x'], openRatio: 0.4 },
      inner: { members: ['a', 'b'], openRatio: 0.4 },
    },
    breakers: { a: {}, b: {}, x: {} },
  })
  registry.verify()
  trip(registry.get('a')!)
  t.equal(registry.get('group:inner')?.state, 'open')
  t.equal(registry.get('group:outer')?.state, 'open')
  t.equal(refusal(t, registry.get('x')!).reason, 'group')
  registry.close('a')
  permit(t, registry.get('x')!)
  registry.open('group:outer')
  t.equal(
    refusal(t, registry.get('b')!).reason,
    'group',
    'the outer group holds the members of the inner one',
  )
  t.end()
})

test('groups: unknown members, cycles and bad ratios are errors at start-up', (t) => {
  const { registry } = registryOf({ groups: { g: { members: ['a', 'nobody'] } }, breakers: { a: {} } })
  t.match(
    problemsOf(() => registry.verify()),
    [{ path: 'groups.g.members', received: 'nobody', expected: 'the name of a breaker' }],
  )
  registry.ensure('nobody')
  t.doesNotThrow(() => registry.verify(), 'made later, by a route')
  t.match(
    problemsOf(() =>
      registryOf({
        groups: {
          a: { members: ['group:b'] },
          b: { members: ['group:c'] },
          c: { members: ['group:a'] },
          d: {},
        },
      }),
    ),
    [{ path: 'groups.a.members' }, { path: 'groups.b.members' }, { path: 'groups.c.members' }],
  )
  t.match(
    problemsOf(() => registryOf({ groups: { g: { members: 'a' as never, openRatio: 1 } } })),
    [{ path: 'groups.g.openRatio' }, { path: 'groups.g.members' }],
  )
  t.end()
})

test('keys: a call that was never heard of again does not keep its breaker for ever', (t) => {
  const { registry, clock } = registryOf()
  const keyed = registry.keyed('k', { leaseMs: 60_000 }, { max: 1 })
  permit(t, keyed.get('a'))
  t.equal(keyed.get('b').name, 'k')
  clock.advance(75_000)
  t.equal(keyed.get('b').name, 'k:b')
  t.end()
})

test('groups: half of the members is not more than half', (t) => {
  const { registry } = registryOf({ groups: { g: { members: ['a', 'b'] } }, breakers: { a: {}, b: {} } })
  trip(registry.ensure('a'))
  t.equal(registry.get('group:g')?.state, 'closed')
  permit(t, registry.ensure('b'))
  t.end()
})

test('groups: one that leads into a cycle is not part of it', (t) => {
  const groups = { a: { members: ['group:b'] }, b: { members: ['group:c'] }, c: { members: ['group:b'] } }
  const problems = problemsOf(() => registryOf({ groups }))
  t.same(
    problems.map(({ path }) => path),
    ['groups.b.members', 'groups.c.members'],
  )
  t.end()
})

test('remove: it is gone, with its options, and its name is free again', (t) => {
  const { registry } = registryOf({ breakers: { orders: { minimumCalls: 3 }, menu: {} } })
  const removed: string[] = []
  registry.on('removed', ({ breaker }) => removed.push(breaker))
  const orders = registry.get('orders')!
  trip(orders)
  t.ok(registry.remove('orders'), 'though it is open')
  t.equal(registry.get('orders'), undefined)
  t.notOk(registry.remove('orders'))
  t.same(removed, ['orders'])
  t.not(registry.ensure('orders', { minimumCalls: 7 }), orders)
  t.equal(registry.get('orders')?.state, 'closed')
  t.equal(refusal(t, orders).reason, 'open', 'who holds the old one goes on with it')
  t.end()
})

test('remove: breakers by key, one by one or with their template; giving one up for another tells as well', (t) => {
  const { registry } = registryOf()
  const removed: string[] = []
  registry.on('removed', ({ breaker }) => removed.push(breaker))
  const keyed = registry.keyed('tenant', {}, { max: 2 })
  for (const key of ['a', 'b', 'c']) keyed.get(key)
  t.same(removed, ['tenant:a'], 'it made room')
  t.ok(registry.remove('tenant:b'))
  t.equal(keyed.size, 1)
  t.ok(registry.remove('tenant'))
  t.same(removed, ['tenant:a', 'tenant:b', 'tenant:c', 'tenant'])
  t.same(registry.list(), [])
  t.end()
})

test('remove: groups go on without the member, and stay themselves', (t) => {
  const { registry } = registryOf({
    breakers: { a: {}, b: {}, c: {} },
    groups: { shop: { members: ['a', 'b', 'c'] } },
  })
  const [a, b, c] = [registry.ensure('a'), registry.ensure('b'), registry.ensure('c')]
  trip(a)
  trip(b)
  t.equal(refusal(t, c).reason, 'group')
  registry.remove('b')
  t.equal(registry.get('group:shop')?.state, 'closed', 'one of three is open')
  permit(t, c).success()
  b.close()
  b.open()
  t.equal(registry.get('group:shop')?.state, 'closed', 'it is not listened to any more')
  t.match(
    problemsOf(() => registry.verify()),
    [{ path: 'groups.shop.members', received: 'b' }],
  )
  registry.ensure('b').open()
  t.equal(registry.get('group:shop')?.state, 'open', 'a new one of that name takes its place')
  t.notOk(registry.remove('group:shop'))
  t.end()
})

test('a rule of one’s own is not shared: defaults and breakers by key need a function that makes it', (t) => {
  const rule = { record: () => undefined }
  t.same(
    problemsOf(() => registryOf({ defaults: { strategy: rule } })).map(({ path }) => path),
    ['defaults.strategy'],
  )
  t.same(
    problemsOf(() => registryOf().registry.keyed('tenant', { strategy: rule })).map(({ path }) => path),
    ['breakers.tenant.strategy'],
  )
  const third = (): { record(): string | undefined } => {
    let calls = 0
    return { record: () => ((calls += 1) === 3 ? 'the third call' : undefined) }
  }
  const { registry } = registryOf({ defaults: { strategy: third } })
  const [one, other] = [registry.ensure('one'), registry.ensure('other')]
  for (const breaker of [one, other, one, other]) permit(t, breaker).success()
  t.equal(one.state, 'closed')
  permit(t, one).success()
  t.match(one.snapshot(), { state: 'open', reason: 'the third call' })
  t.equal(other.state, 'closed', 'each counts its own')
  t.end()
})
