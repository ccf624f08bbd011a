import { test } from 'tap'
import { checkSuite } from './short-run.ts'

test('the suite auth measures every contender', (t) => checkSuite(t, 'auth'))
