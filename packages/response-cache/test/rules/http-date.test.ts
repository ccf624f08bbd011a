import * as fc from 'fast-check'
import { test } from 'tap'
import { formatHttpDate, parseHttpDate } from '../../src/rules/http-date.ts'
import { NOW, textOf } from './exchange.ts'

test('the three formats of one instant', (t) => {
  const instant = Date.parse('1994-11-06T08:49:37Z')
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'sUN, 06 nov 1994 08:49:37 gmt',
    ' Sun, 06 Nov 1994 08:49:37 GMT\t',
  ]) {
    t.equal(parseHttpDate(text, NOW), instant, text)
  }
  t.end()
})

test('edges of the calendar and of the clock', (t) => {
  const cases: [string, string][] = [
    ['Tue, 29 Feb 2028 00:00:00 GMT', '2028-02-29T00:00:00Z'],
    ['Tue, 31 Dec 2024 23:59:60 GMT', '2024-12-31T23:59:59Z'],
    ['Sun, 21 Nov 2286 04:46:39 GMT', '2286-11-21T04:46:39Z'],
    ['Thu, 01 Jan 1970 00:00:00 GMT', '1970-01-01T00:00:00Z'],
    ['Fri, 01 Jan 0099 00:00:00 GMT', '0099-01-01T00:00:00Z'],
    // A weekday that is wrong changes nothing.
    ['Mon, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['Thu Nov 16 08:49:37 1995', '1995-11-16T08:49:37Z'],
  ]
  for (const [text, iso] of cases) t.equal(parseHttpDate(text, NOW), Date.parse(iso), text)
  t.end()
})

test('a two-digit year lies at most 50 years ahead', (t) => {
  const year = (text: string) => new Date(parseHttpDate(text, NOW) ?? Number.NaN).getUTCFullYear()
  t.equal(year('Thursday, 18-Aug-76 02:01:18 GMT'), 2076)
  t.equal(year('Thursday, 18-Aug-77 02:01:18 GMT'), 1977)
  t.equal(year('Thursday, 18-Aug-00 02:01:18 GMT'), 2000)
  t.end()
})

test('what is no HTTP-date', (t) => {
  for (const text of [
    '',
    '0',
    '-1',
    'now',
    '2026-11-21T12:00:00Z',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 2050 02:01:18 +0000',
    'Thu, 18 Aug 2050 02:01:18',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 18 Aug 2050 24:00:00 GMT',
    'Thu, 18 Aug 2050 00:60:00 GMT',
    'Thu, 18 Aug 2050 00:00:61 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    'Thu, 32 Aug 2050 02:01:18 GMT',
    'Thu, 29 Feb 2027 02:01:18 GMT',
    'Thu, 18 Foo 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT',
    `Thu, 18 Aug 2050 02:01:18 GMT${' '.repeat(10_000)}`,
  ]) {
    t.equal(parseHttpDate(text, NOW), undefined, text.slice(0, 60))
  }
  t.end()
})

test('what is formatted parses back to the second', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (at) => {
      return parseHttpDate(formatHttpDate(at), NOW) === at - (at % 1000)
    }),
  )
  t.end()
})

test('no text makes it throw', (t) => {
  fc.assert(
    fc.property(textOf('aZ09 ,:\\"\n\u0000é€'), (text) => {
      const parsed = parseHttpDate(text, NOW)
      return parsed === undefined || Number.isFinite(parsed)
    }),
  )
  t.end()
})
