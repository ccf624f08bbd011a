import { test } from 'tap'
import { parseRequestDirectives } from '../../src/rules/request-directives.ts'
import type { RequestDirectives } from '../../src/rules/request-directives.ts'

const none: RequestDirectives = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeMs: undefined,
  minFreshMs: undefined,
  maxStaleMs: undefined,
  staleIfErrorMs: undefined,
}
const FOREVER_MS = 2 ** 31 * 1000

test('directives of a request', (t) => {
  const cases: [string, Partial<RequestDirectives>][] = [
    ['', {}],
    ['no-cache, no-store, only-if-cached', { noCache: true, noStore: true, onlyIfCached: true }],
    ['max-age=5, min-fresh=10, max-stale=20', { maxAgeMs: 5000, minFreshMs: 10_000, maxStaleMs: 20_000 }],
    ['max-stale', { maxStaleMs: FOREVER_MS }],
    ['stale-if-error=60', { staleIfErrorMs: 60_000 }],
    // The strictest of several.
    ['max-age=5, max-age=3', { maxAgeMs: 3000 }],
    ['min-fresh=5, min-fresh=7', { minFreshMs: 7000 }],
    ['max-stale, max-stale=5', { maxStaleMs: 5000 }],
    ['stale-if-error=5, stale-if-error=9', { staleIfErrorMs: 5000 }],
    // The strictest possible for what cannot be read.
    ['max-age=x, min-fresh=x, max-stale=x', { maxAgeMs: 0, minFreshMs: FOREVER_MS, maxStaleMs: 0 }],
    ['stale-if-error=soon', { staleIfErrorMs: 0 }],
    ['private, unknown', {}],
  ]
  for (const [field, expected] of cases) {
    t.same(parseRequestDirectives({ 'cache-control': field }), { ...none, ...expected }, field)
  }
  t.end()
})

test('Pragma counts only without Cache-Control', (t) => {
  t.equal(parseRequestDirectives({}), undefined)
  t.same(parseRequestDirectives({ pragma: 'No-Cache' }), { ...none, noCache: true })
  t.same(parseRequestDirectives({ pragma: 'x, no-cache' }), { ...none, noCache: true })
  t.equal(parseRequestDirectives({ pragma: 'unrecognised' }), undefined)
  t.equal(parseRequestDirectives({ pragma: 'no-cached' }), undefined)
  t.same(parseRequestDirectives({ pragma: 'no-cache', 'cache-control': 'max-stale=1' }), {
    ...none,
    maxStaleMs: 1000,
  })
  t.end()
})
