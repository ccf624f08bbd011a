import * as fc from 'fast-check'
import { test } from 'tap'
import { correctedInitialAgeMs } from '../../src/rules/age.ts'
import { HOUR, httpDate, NOW, ok, SECOND } from './exchange.ts'

const FOREVER_MS = 2 ** 31 * 1000

test('Age values, odd and repeated', (t) => {
  const cases: [string | string[] | number, number][] = [
    ['0', 0],
    ['7200', 2 * HOUR],
    [7200, 2 * HOUR],
    [' 7200 ', 2 * HOUR],
    ['007200', 2 * HOUR],
    // The first of several counts (RFC 9111 §5.1).
    ['7200, 0', 2 * HOUR],
    ['0, 7200', 0],
    [['7200', '0'], 2 * HOUR],
    [['0', '7200'], 0],
    [['3600, 1', '0'], HOUR],
    // What is no number of seconds is passed over.
    ['abc', 0],
    ['', 0],
    [[], 0],
    ['-7200', 0],
    ['7200.0', 0],
    ['7200;foo=bar', 0],
    ['x, 7200', 0],
    ['1e9', 0],
    // Overflow is for ever.
    ['2147483648', FOREVER_MS],
    ['2147483649', FOREVER_MS],
    ['9'.repeat(400), FOREVER_MS],
  ]
  for (const [age, expected] of cases)
    t.equal(correctedInitialAgeMs(ok({ age })), expected, JSON.stringify(age))
  t.end()
})

test('the Date counts where it says more than Age', (t) => {
  t.equal(correctedInitialAgeMs(ok({ date: httpDate(-7200) })), 2 * HOUR)
  t.equal(correctedInitialAgeMs(ok({ date: httpDate(-7200), age: '10' })), 2 * HOUR)
  t.equal(correctedInitialAgeMs(ok({ date: httpDate(-10), age: '7200' })), 2 * HOUR)
  // A clock ahead of ours makes nothing younger than new.
  t.equal(correctedInitialAgeMs(ok({ date: httpDate(7200) })), 0)
  t.end()
})

test('without a Date the arrival stands for it', (t) => {
  for (const date of [undefined, 'yesterday', '', ['a', 'b']]) {
    t.equal(correctedInitialAgeMs(ok({ date, age: '5' })), 5 * SECOND, JSON.stringify(date))
  }
  t.end()
})

test('the time under way counts on top of Age', (t) => {
  const slow = { requestedAtMs: NOW - 3 * SECOND, receivedAtMs: NOW }
  t.equal(correctedInitialAgeMs(ok({ age: '5' }, slow)), 8 * SECOND)
  t.equal(correctedInitialAgeMs(ok({}, slow)), 3 * SECOND)
  // A clock that was set back in between.
  t.equal(correctedInitialAgeMs(ok({ age: '5' }, { requestedAtMs: NOW + HOUR })), 5 * SECOND)
  t.end()
})

test('never less than Age, the time under way or the apparent age', (t) => {
  const seconds = fc.integer({ min: 0, max: 100_000 })
  fc.assert(
    fc.property(seconds, seconds, seconds, (age, delay, dateOffset) => {
      const initial = correctedInitialAgeMs(
        ok({ age: String(age), date: httpDate(-dateOffset) }, { requestedAtMs: NOW - delay }),
      )
      return initial === Math.max(dateOffset * SECOND, age * SECOND + delay)
    }),
  )
  t.end()
})
