import { BreakerRegistry } from '@sluice/circuit-breaker'
import { test } from 'tap'
import { Board } from '../../src/live/board.ts'
import { succeed } from '../gateway.ts'

test('tells changes alone, new breakers whole, and who is gone', (t) => {
  const registry = new BreakerRegistry()
  succeed(registry, 'orders', 1)
  const board = new Board()
  t.match(board.replace(registry.stats()), {
    rows: [{ name: 'orders', state: 'closed', group: null }],
    gone: [],
  })
  t.same(board.replace(registry.stats()), { rows: [], gone: [] })
  registry.ensure('payments')
  registry.open('orders', { reason: 'drill' })
  const { rows } = board.replace(registry.stats())
  t.match(rows, [
    { name: 'orders', state: 'forced-open', reason: 'drill', scope: 'manual' },
    { name: 'payments', state: 'closed' },
  ])
  t.notOk('successes' in (rows[0] ?? {}))
  t.same(board.replace(registry.stats().slice(1)), { rows: [], gone: ['orders'] })
  t.same(
    board.rows.map(({ name }) => name),
    ['payments'],
  )
  t.end()
})

test('takes a correction of the clock for no news', (t) => {
  const registry = new BreakerRegistry()
  succeed(registry, 'orders', 1)
  const snapshot = registry.ensure('orders').snapshot()
  const board = new Board()
  board.replace([snapshot])
  t.same(board.replace([{ ...snapshot, since: snapshot.since + 3 }]).rows, [])
  t.match(board.replace([{ ...snapshot, since: snapshot.since + 5_000 }]).rows, [
    { name: 'orders', since: Number },
  ])
  t.end()
})
