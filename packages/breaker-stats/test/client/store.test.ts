import { test } from 'tap'
import { Store } from '../../client/store.ts'
import type { FullFrame, Row } from '../../src/live/protocol.ts'

export function row(change: Partial<Row> & Pick<Row, 'name'>): Row {
  return {
    group: null,
    state: 'closed',
    since: 0,
    reason: null,
    retryAt: null,
    scope: 'local',
    calls: 0,
    failureRatio: 0,
    p50: 0,
    p95: 0,
    p99: 0,
    inFlight: 0,
    successes: 0,
    failures: 0,
    rejects: 0,
    fallbacks: 0,
    votes: null,
    instances: null,
    fleetMode: null,
    ...change,
  }
}

function full(rows: Row[], at = Date.now()): FullFrame {
  return {
    type: 'full',
    seq: 7,
    at,
    instance: 'gw-1',
    rows,
    panels: { cache: null, retry: null, refused: null },
    test: null,
  }
}

test('adds deltas up', (t) => {
  const store = new Store()
  t.ok(store.apply(full([row({ name: 'orders' }), row({ name: 'payments' })])))
  t.ok(
    store.apply({
      type: 'delta',
      seq: 8,
      at: Date.now(),
      rows: [{ name: 'orders', state: 'open', reason: 'x' }],
      gone: ['payments'],
    }),
  )
  t.match(store.entries.get('orders')?.row, { state: 'open', reason: 'x', successes: 0 })
  t.same([...store.entries.keys()], ['orders'])
  t.end()
})

test('notices a gap, and begins anew with a full frame', (t) => {
  const store = new Store()
  store.apply(full([row({ name: 'orders' })]))
  t.notOk(store.apply({ type: 'delta', seq: 9, at: Date.now(), rows: [] }))
  t.ok(store.apply(full([row({ name: 'search' })])))
  t.same([...store.entries.keys()], ['search'])
  t.end()
})

test('makes rates of totals, a sample a second', (t) => {
  const store = new Store()
  const at = Date.now()
  store.apply(full([row({ name: 'orders', successes: 100 })], at))
  store.apply({ type: 'delta', seq: 8, at: at + 500, rows: [{ name: 'orders', successes: 150 }] })
  t.equal(store.entries.get('orders')?.history.samples.length, 0)
  store.apply({
    type: 'delta',
    seq: 9,
    at: at + 1_000,
    rows: [{ name: 'orders', successes: 180, rejects: 20 }],
  })
  t.match(store.entries.get('orders')?.history.last, { successes: 80, rejects: 20, failures: 0 })
  t.equal(store.entries.get('orders')?.rate, 100)
  t.end()
})

test("tells time by the server's clock", (t) => {
  const store = new Store()
  store.apply(full([], Date.now() - 3_600_000))
  t.ok(Math.abs(store.now - (Date.now() - 3_600_000)) < 10_000)
  t.end()
})

test('knows who is refused because of the group', (t) => {
  const store = new Store()
  const fraud = row({ name: 'fraud', group: 'payment' })
  store.apply(
    full([fraud, row({ name: 'group:payment', state: 'open' }), row({ name: 'orders', group: 'shop' })]),
  )
  t.ok(store.isHeldByGroup(fraud))
  t.notOk(store.isHeldByGroup(row({ name: 'orders', group: 'shop' })))
  t.end()
})
