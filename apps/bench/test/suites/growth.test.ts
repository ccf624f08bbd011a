import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite growth measures every contender', (t) => checkSuite(t, 'growth'))
