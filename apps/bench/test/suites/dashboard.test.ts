import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite dashboard measures every contender', (t) => checkSuite(t, 'dashboard'))
