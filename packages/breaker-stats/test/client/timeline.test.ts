import { test } from 'tap'
import { changesOf, spansOf } from '../../client/timeline.ts'
import type { StateName, TransitionView } from '../../src/index.ts'

const at = (second: number): string => new Date(1_000_000 + 1_000 * second).toISOString()
const own = (second: number, from: StateName, to: StateName): TransitionView => {
  return { at: at(second), from, to, reason: '', scope: 'fleet', generation: 1 }
}

test('what the fleet remembers comes before what this instance does', (t) => {
  const history = [
    { at: at(50), state: 'OPEN', reason: '' },
    { at: at(20), state: 'RECOVERING', reason: '' },
    { at: at(10), state: 'OPEN', reason: '' },
  ] as const
  const changes = changesOf({ transitions: [own(50, 'CLOSED', 'OPEN')] }, { history })
  t.same(
    changes.map(({ from, to }) => `${from} to ${to}`),
    ['closed to open', 'open to closed', 'closed to open'],
  )
  const spans = spansOf(changes, 'open', 1_000_000 + 80_000)
  t.same(
    spans.map(({ state, from, to }) => `${state} ${(to - from) / 1_000} s`),
    ['closed 10 s', 'open 10 s', 'closed 30 s', 'open 30 s'],
  )
  t.same(changesOf({ transitions: [] }, undefined), [])
  t.end()
})
