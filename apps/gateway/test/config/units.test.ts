import fc from 'fast-check'
import { test } from 'tap'
import { parseBytes, parseDuration } from '../../src/config/units.ts'

test('durations', async (t) => {
  const cases: [unknown, number | undefined][] = [
    [250, 250],
    ['250ms', 250],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['40', 40],
    [-1, undefined],
    [Number.NaN, undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['s', undefined],
    [true, undefined],
  ]
  for (const [written, ms] of cases) t.equal(parseDuration(written), ms, String(written))
})

test('sizes', async (t) => {
  t.equal(parseBytes('64KB'), 65_536)
  t.equal(parseBytes('1.5MB'), 1_572_864)
  t.equal(parseBytes('1GB'), 1_073_741_824)
  t.equal(parseBytes('64kb'), undefined)
})

test('no text makes it throw, and what it understands is never negative', async (t) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const ms = parseDuration(value)
      return ms === undefined || ms >= 0
    }),
  )
  t.pass()
})
