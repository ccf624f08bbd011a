import { test } from 'tap'
import type { CachePolicy } from '../../src/rules/message.ts'
import { mayServeOnError } from '../../src/rules/stale.ts'
import { isServerFailure } from '../../src/rules/status.ts'
import { get, NOW, policy, SECOND, stored } from './exchange.ts'

/** Whether a response stands in for a failure `age` seconds after it arrived. */
function serves(control: string, age: number, asked?: string, route: Partial<CachePolicy> = {}): boolean {
  const response = stored({ 'cache-control': control, etag: '"a"' }, { route: policy(route) })
  const request = get(asked === undefined ? {} : { 'cache-control': asked })
  return mayServeOnError(request, response.facts, policy(route), NOW + age * SECOND)
}

test('the window of the response (RFC 5861 §4)', (t) => {
  t.equal(serves('max-age=60, stale-if-error=30', 89), true)
  t.equal(serves('max-age=60, stale-if-error=30', 90), false)
  t.equal(serves('max-age=60', 61), false)
  t.equal(serves('max-age=60', 59), true)
  t.equal(serves('s-maxage=60, stale-if-error=30', 89), true)
  t.end()
})

test('what rules it out', (t) => {
  for (const directive of ['must-revalidate', 'proxy-revalidate', 'no-cache']) {
    t.equal(serves(`max-age=60, stale-if-error=30, ${directive}`, 61), false, directive)
    t.equal(serves(`max-age=60, ${directive}`, 61, 'stale-if-error=30'), false, directive)
    t.equal(serves(`max-age=60, ${directive}`, 61, undefined, { staleIfErrorMs: 30_000 }), false, directive)
  }
  t.equal(serves('max-age=60, no-cache', 0), false)
  t.equal(serves('s-maxage=60', 61, 'stale-if-error=30'), false)
  t.equal(serves('s-maxage=60', 61, undefined, { staleIfErrorMs: 30_000 }), false)
  t.end()
})

test('the window of the route and of the request', (t) => {
  t.equal(serves('max-age=60', 89, undefined, { staleIfErrorMs: 30_000 }), true)
  t.equal(serves('max-age=60, stale-if-error=0', 61, undefined, { staleIfErrorMs: 30_000 }), false)
  t.equal(serves('max-age=60', 89, 'stale-if-error=30'), true)
  t.equal(serves('max-age=60', 90, 'stale-if-error=30'), false)
  t.equal(serves('max-age=60', 61, 'stale-if-error=30', { requestDirectives: false }), false)
  t.end()
})

test('what counts as an error', (t) => {
  for (const status of [500, 502, 503, 504]) t.equal(isServerFailure(status), true, `${status}`)
  for (const status of [200, 304, 404, 429, 501, 505]) t.equal(isServerFailure(status), false, `${status}`)
  t.end()
})
