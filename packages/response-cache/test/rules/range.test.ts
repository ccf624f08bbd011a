import * as fc from 'fast-check'
import { test } from 'tap'
import type { HeaderFields } from '../../src/rules/message.ts'
import { multipartByteranges } from '../../src/rules/multipart.ts'
import { contentRange, selectRange } from '../../src/rules/range.ts'
import { get, httpDate, stored, textOf } from './exchange.ts'

const BODY = Buffer.from('0123456789')
const CONTROL = { 'cache-control': 'max-age=60' }

interface Stored {
  readonly method?: string
  readonly status?: number
  readonly size?: number
  readonly base?: HeaderFields
}

function answer(
  headers: HeaderFields,
  { method = 'GET', status = 200, size = 10, base = {} }: Stored = {},
): string {
  const result = selectRange({ ...get(headers), method }, stored({ ...CONTROL, ...base }, { status }), size)
  if (result.kind !== 'partial') return result.kind
  return result.ranges.map((range) => contentRange(range, size)).join(' + ')
}

test('ranges (RFC 9110 §14.1.2)', (t) => {
  const cases: [string, string][] = [
    ['bytes=0-4', 'bytes 0-4/10'],
    ['bytes=5-', 'bytes 5-9/10'],
    ['bytes=-3', 'bytes 7-9/10'],
    ['bytes=-30', 'bytes 0-9/10'],
    ['bytes=9-9', 'bytes 9-9/10'],
    ['bytes=5-100', 'bytes 5-9/10'],
    ['BYTES=0-0', 'bytes 0-0/10'],
    ['bytes= 0-0 , 2-2 ', 'bytes 0-0/10 + bytes 2-2/10'],
    ['bytes=,0-0,', 'bytes 0-0/10'],
    // In the order asked for; those that cannot be are left out.
    ['bytes=8-9,0-1', 'bytes 8-9/10 + bytes 0-1/10'],
    ['bytes=0-1,50-60', 'bytes 0-1/10'],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=20-30,40-', 'unsatisfiable'],
    ['bytes=999999999999999-', 'unsatisfiable'],
    ['bytes=', 'unsatisfiable'],
    // Invalid, foreign, overlapping or too many: the whole.
    ['bytes=5-4', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,x', 'whole'],
    ['bytes 0-1', 'whole'],
    ['lines=0-1', 'whole'],
    ['bytes=0-5,3-8', 'whole'],
    ['bytes=0-,0-', 'whole'],
    [`bytes=${'9'.repeat(20)}-`, 'whole'],
    [`bytes=${Array.from({ length: 17 }, () => '0-0').join()}`, 'whole'],
  ]
  for (const [range, expected] of cases) t.equal(answer({ range }), expected, range)
  t.equal(answer({ range: ['bytes=0-1', 'bytes=2-3'] }), 'whole')
  t.end()
})

test('what has no ranges', (t) => {
  t.equal(answer({}), 'whole')
  t.equal(answer({ range: 'bytes=0-1' }, { method: 'HEAD' }), 'whole')
  t.equal(answer({ range: 'bytes=0-1' }, { status: 404 }), 'whole')
  t.equal(answer({ range: 'bytes=0-1' }, { size: 0 }), 'unsatisfiable')
  t.equal(answer({ range: 'bytes=-1' }, { size: 0 }), 'unsatisfiable')
  t.end()
})

test('If-Range (RFC 9110 §13.1.5)', (t) => {
  const modified = httpDate(-100)
  const holds = (condition: string | string[], base: HeaderFields) =>
    answer({ range: 'bytes=0-1', 'if-range': condition }, { base }) !== 'whole'
  t.equal(holds('"a"', { etag: '"a"' }), true)
  t.equal(holds('"b"', { etag: '"a"' }), false)
  t.equal(holds('W/"a"', { etag: 'W/"a"' }), false)
  t.equal(holds('"a"', { etag: 'W/"a"' }), false)
  t.equal(holds('"a"', {}), false)
  t.equal(holds(['"a"', '"a"'], { etag: '"a"' }), false)
  t.equal(holds(modified, { 'last-modified': modified }), true)
  t.equal(holds(httpDate(-99), { 'last-modified': modified }), false)
  t.equal(holds(httpDate(0), { 'last-modified': modified }), false)
  t.equal(holds('soon', { 'last-modified': 'soon' }), false)
  t.equal(holds(modified, {}), false)
  // A date that may still change within its second is no strong validator (§8.8.2.2).
  t.equal(holds(httpDate(0), { 'last-modified': httpDate(0) }), false)
  t.end()
})

test('whatever is asked, what is sent lies within the body and overlaps nowhere', (t) => {
  const spec = textOf('0123456789-, ')
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 5 }), fc.nat({ max: 50 }), (specs, size) => {
      const request = get({ range: `bytes=${specs.join()}` })
      const result = selectRange(request, stored(CONTROL), size)
      if (result.kind !== 'partial') return true
      const bytes = result.ranges.flatMap(({ start, end }) =>
        Array.from({ length: end - start + 1 }, (_, i) => start + i),
      )
      return new Set(bytes).size === bytes.length && bytes.every((at) => at >= 0 && at < size)
    }),
  )
  t.end()
})

test('several ranges as multipart/byteranges (§14.6)', (t) => {
  const ranges = [
    { start: 8, end: 9 },
    { start: 0, end: 1 },
  ]
  t.equal(
    multipartByteranges(BODY, ranges, 'text/plain', 'B').toString(),
    [
      '',
      '--B',
      'Content-Type: text/plain',
      'Content-Range: bytes 8-9/10',
      '',
      '89',
      '--B',
      'Content-Type: text/plain',
      'Content-Range: bytes 0-1/10',
      '',
      '01',
      '--B--',
      '',
    ].join('\r\n'),
  )
  t.match(multipartByteranges(BODY, ranges, undefined, 'B').toString(), /^\r\n--B\r\nContent-Range/)
  t.end()
})
