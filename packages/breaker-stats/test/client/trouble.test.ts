import { test } from 'tap'
import type { Row, RowState } from '../../src/live/protocol.ts'
import { arrange, type Filter } from '../../client/trouble.ts'

const of = (name: string, state: RowState, more: Partial<Row> & { rate?: number } = {}) => ({
  rate: more.rate ?? 0,
  row: { name, state, group: null, failureRatio: 0, calls: 0, fleetMode: null, ...more } as Row,
})
const rows = [
  of('calm', 'closed', { rate: 5 }),
  of('few', 'closed', { failureRatio: 1, calls: 2 }),
  of('shaky', 'closed', { failureRatio: 0.3, calls: 50, group: 'shop' }),
  of('healing', 'recovering'),
  of('down', 'open', { rate: 1 }),
  of('held', 'forced-open'),
  of('trying', 'half-open'),
  of('off', 'disabled'),
]
const everything: Filter = { text: '', states: new Set(), order: 'trouble' }
const names = (filter: Partial<Filter>): string[] =>
  arrange(rows, { ...everything, ...filter }).map(({ row }) => row.name)

test('puts trouble first', (t) => {
  t.same(names({}), ['down', 'held', 'trying', 'healing', 'off', 'shaky', 'calm', 'few'])
  t.end()
})

test('orders by name and by traffic', (t) => {
  t.same(names({ order: 'name' }).slice(0, 3), ['calm', 'down', 'few'])
  t.same(names({ order: 'traffic' }).slice(0, 3), ['calm', 'down', 'few'])
  t.end()
})

test('filters by name, group and state', (t) => {
  t.same(names({ text: ' HE' }), ['held', 'healing'])
  t.same(names({ text: 'shop' }), ['shaky'])
  t.same(names({ states: new Set<RowState>(['open', 'disabled']) }), ['down', 'off'])
  t.end()
})
