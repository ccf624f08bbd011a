import { test } from 'tap'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { noDirectives } from '../../src/rules/response-directives.ts'
import type { ResponseDirectives } from '../../src/rules/response-directives.ts'
import { effectiveDirectives } from '../../src/rules/targeted.ts'
import { policy } from './exchange.ts'

test('what a targeted field says', (t) => {
  const cases: [string, Partial<ResponseDirectives>][] = [
    ['max-age=60', { maxAgeMs: 60_000 }],
    ['none', {}],
    ['max-age=99999999999', { maxAgeMs: 2 ** 31 * 1000 }],
    ['max-age=60;x=1, s-maxage=5', { maxAgeMs: 60_000, sMaxageMs: 5000 }],
    ['no-store, private, public', { noStore: true, private: true, public: true }],
    ['no-store=?0, private=?0, no-cache=?0', {}],
    ['no-store=1, no-cache=1', { noStore: true, noCache: true }],
    ['no-cache="Set-Cookie, a", private="b c"', { noCache: ['set-cookie', 'a'], private: true }],
    [
      'must-revalidate, proxy-revalidate, must-understand, immutable',
      {
        mustRevalidate: true,
        proxyRevalidate: true,
        mustUnderstand: true,
        immutable: true,
      },
    ],
    ['stale-while-revalidate=1, stale-if-error=2', { staleWhileRevalidateMs: 1000, staleIfErrorMs: 2000 }],
    // Of the wrong type: stale.
    ['max-age="60"', { maxAgeMs: 0 }],
    ['max-age=60.5', { maxAgeMs: 0 }],
    ['max-age=-60', { maxAgeMs: 0 }],
    ['max-age', { maxAgeMs: 0 }],
  ]
  for (const [field, expected] of cases) {
    t.same(
      effectiveDirectives({ 'cdn-cache-control': field, 'cache-control': 'no-cache' }, defaultPolicy),
      { directives: { ...noDirectives(), ...expected }, targeted: true },
      field,
    )
  }
  t.end()
})

test('an empty or invalid field is as if it were not there', (t) => {
  for (const field of ['', '  ', 'max-age=10000, &&&&&', 'max-age =100', 'MaX-aGe=3600']) {
    const { directives, targeted } = effectiveDirectives(
      { 'cdn-cache-control': field, 'cache-control': 'no-store' },
      defaultPolicy,
    )
    t.match({ noStore: directives.noStore, targeted }, { noStore: true, targeted: false }, field)
  }
  t.end()
})

test('the first usable field of the target list counts', (t) => {
  const route = policy({ targetedFields: ['sluice-cache-control', 'cdn-cache-control'] })
  const maxAge = (headers: Record<string, string>) => effectiveDirectives(headers, route).directives.maxAgeMs
  t.equal(maxAge({ 'cdn-cache-control': 'max-age=2', 'sluice-cache-control': 'max-age=1' }), 1000)
  t.equal(maxAge({ 'cdn-cache-control': 'max-age=2', 'sluice-cache-control': '&' }), 2000)
  t.equal(maxAge({ 'cache-control': 'max-age=3' }), 3000)
  const ignoring = effectiveDirectives({ 'cdn-cache-control': 'no-store' }, policy({ targetedFields: [] }))
  t.equal(ignoring.directives.noStore, false)
  t.end()
})

test('lines of a field are combined', (t) => {
  const { directives } = effectiveDirectives(
    { 'cdn-cache-control': ['max-age=60', 'private'] },
    defaultPolicy,
  )
  t.match(directives, { maxAgeMs: 60_000, private: true })
  t.end()
})
