import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite micro measures every contender', (t) => checkSuite(t, 'micro'))
