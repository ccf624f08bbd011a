import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite proxy measures every contender', (t) => checkSuite(t, 'proxy'))
