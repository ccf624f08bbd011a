import { test } from 'tap'
import { isTraceparent, newTraceparent } from '../../src/proxy/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('what W3C Trace Context calls valid is passed on, and nothing else', (t) => {
  t.ok(isTraceparent(`00-${TRACE}-${SPAN}-01`))
  t.ok(isTraceparent(`00-${TRACE}-${SPAN}-00`))
  t.ok(isTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-will-bring`))
  const invalid = [
    undefined,
    ['a', 'b'],
    '',
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01 `,
    `ff-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01.future`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}`,
  ]
  for (const value of invalid) t.notOk(isTraceparent(value), String(value))
  t.end()
})

test('new ones are valid, sampled and different', (t) => {
  const made = Array.from({ length: 1000 }, newTraceparent)
  t.ok(made.every((value) => isTraceparent(value) && value.startsWith('00-') && value.endsWith('-01')))
  t.equal(new Set(made).size, 1000)
  t.end()
})
