import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite cache measures every contender', (t) => checkSuite(t, 'cache'))
