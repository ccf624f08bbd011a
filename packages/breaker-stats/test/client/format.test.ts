import { test } from 'tap'
import * as format from '../../client/format.ts'
import { spansOf } from '../../client/timeline.ts'
import { statusText } from '../../client/status-text.ts'
import type { Row } from '../../src/live/protocol.ts'

test('says durations in their two largest units', (t) => {
  const texts = [-5, 0, 14_400, 60_000, 134_000, 3_600_000, 7_500_000, 90_000_000].map(format.duration)
  t.same(texts, ['0 s', '0 s', '14 s', '1 m', '2 m 14 s', '1 h', '2 h 5 m', '1 d 1 h'])
  t.end()
})

test('says figures as one reads them', (t) => {
  t.same([0, 4.26, 84.4, 999, 1_240, 31_000].map(format.latency), [
    '–',
    '4.3 ms',
    '84 ms',
    '999 ms',
    '1.2 s',
    '31 s',
  ])
  t.same([0, 0.004, 0.07, 0.125, 1].map(format.percent), ['0 %', '0.4 %', '7 %', '13 %', '100 %'])
  t.same([0, 2.5, 1_240, 12_400, 3_100_000].map(format.compact), ['0', '2.5', '1,240', '12.4k', '3.1M'])
  t.same([0, 900, 2_048, 41_300_000].map(format.bytes), ['0 B', '900 B', '2.0 KiB', '39 MiB'])
  t.end()
})

test('tells a state, since when, by whom and what comes', (t) => {
  const row = { state: 'open', since: 0, scope: 'fleet', retryAt: 40_000 } as Row
  t.equal(statusText(row, 14_000), 'Open 14 s · fleet · again in 26 s')
  t.equal(
    statusText({ ...row, state: 'forced-open', scope: 'manual' }, 14_000),
    'Forced open 14 s · by hand · 26 s left',
  )
  t.equal(statusText({ ...row, retryAt: null, scope: 'local' }, 61_000), 'Open 1 m 1 s')
  t.equal(statusText({ ...row, state: 'closed' }, 1), 'Closed')
  t.end()
})

test('cuts time into spans of states', (t) => {
  const now = 600_000
  t.same(spansOf([], 'closed', now), [{ state: 'closed', from: 540_000, to: 600_000 }])
  const spans = spansOf(
    [
      { at: 300_000, from: 'closed', to: 'open' },
      { at: 330_000, from: 'open', to: 'half-open' },
    ],
    'half-open',
    now,
  )
  t.same(spans, [
    { state: 'closed', from: 290_000, to: 300_000 },
    { state: 'open', from: 300_000, to: 330_000 },
    { state: 'half-open', from: 330_000, to: 600_000 },
  ])
  t.end()
})
