import * as fc from 'fast-check'
import { test } from 'tap'
import { retryAfterMs } from '../../src/http/retry-after.ts'

const now = Date.UTC(1994, 10, 6, 8, 49, 0)

test('reads seconds', async (t) => {
  t.equal(retryAfterMs('2', now), 2_000)
  t.equal(retryAfterMs(' 0 ', now), 0)
  t.equal(retryAfterMs(['3', '9'], now), 3_000)
})

test('reads the three forms of an HTTP date', async (t) => {
  for (const date of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    t.equal(retryAfterMs(date, now), 37_000, date)
  }
})

test('a date that has passed asks for no wait', async (t) => {
  t.equal(retryAfterMs('Sun, 06 Nov 1994 08:48:00 GMT', now), 0)
})

test('makes nothing of anything else', async (t) => {
  for (const value of [
    undefined,
    '',
    '-1',
    '1.5',
    'soon',
    '1e3',
    '0x10',
    '99999999999',
    '1994-11-06T08:49:37Z',
  ]) {
    t.equal(retryAfterMs(value, now), undefined, String(value))
  }
})

test('dates survive a round trip through their text', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (seconds) => {
      const later = new Date(now + seconds * 1_000).toUTCString()
      return retryAfterMs(later, now) === seconds * 1_000
    }),
  )
})
