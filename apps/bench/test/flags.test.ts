import { test } from 'tap'
import { parseFlags } from '../src/flags.ts'

const suites = ['micro', 'proxy']

test('without flags every suite runs, in full', async (t) => {
  const { settings, only } = parseFlags([], suites)
  t.same(only, suites)
  t.same(settings, { quick: false, rounds: 8, seconds: 1, connections: 50 })
})

test('a quick run is shorter, unless told how long', async (t) => {
  t.match(parseFlags(['--quick'], suites).settings, { rounds: 2, seconds: 1 })
  t.match(parseFlags(['--quick', '--seconds', '0.5'], suites).settings, { seconds: 0.5 })
})

test('bad flags are refused with what was expected', async (t) => {
  t.throws(() => parseFlags(['--only', 'micro,macro'], suites), /--only macro: expected one of micro, proxy/)
  t.throws(() => parseFlags(['--rounds', '1.5'], suites), /--rounds 1.5: expected a whole number/)
  t.throws(() => parseFlags(['--seconds', '0'], suites), /--seconds 0: expected a number above 0/)
  t.throws(() => parseFlags(['--fast'], suites), /--fast/)
})
