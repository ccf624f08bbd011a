import { test } from 'tap'
import { noDirectives, parseResponseDirectives } from '../../src/rules/response-directives.ts'
import type { ResponseDirectives } from '../../src/rules/response-directives.ts'

test('directives of a response', (t) => {
  const cases: [string | undefined, Partial<ResponseDirectives>][] = [
    [undefined, {}],
    ['', {}],
    ['unknown, community="UCI"', {}],
    ['public, max-age=60', { public: true, maxAgeMs: 60_000 }],
    ['s-maxage=10, max-age=5', { sMaxageMs: 10_000, maxAgeMs: 5000 }],
    [
      'must-revalidate, proxy-revalidate, must-understand, no-store, immutable',
      { mustRevalidate: true, proxyRevalidate: true, mustUnderstand: true, noStore: true, immutable: true },
    ],
    [
      'stale-while-revalidate=30, stale-if-error=60',
      { staleWhileRevalidateMs: 30_000, staleIfErrorMs: 60_000 },
    ],
    // An argument where none belongs does not weaken what forbids.
    ['no-store=x, private="', { noStore: true, private: true }],
    ['immutable=0', { immutable: true }],
    // Repeated: equal ones count once, others make the response stale, in either order.
    ['max-age=60, max-age=60', { maxAgeMs: 60_000 }],
    ['max-age=60, max-age=61', { maxAgeMs: 0 }],
    ['max-age=1, max-age=1800, max-age=1800', { maxAgeMs: 0 }],
    ['max-age=x', { maxAgeMs: 0 }],
    ['max-age', { maxAgeMs: 0 }],
    ['stale-while-revalidate=-1', { staleWhileRevalidateMs: 0 }],
    ['no-cache', { noCache: true }],
    ['no-cache="Set-Cookie, X-User"', { noCache: ['set-cookie', 'x-user'] }],
    ['no-cache=Set-Cookie', { noCache: ['set-cookie'] }],
    ['private="a", private="b"', { private: ['a', 'b'] }],
    // Whole before part, and what is no list of names is the whole.
    ['private="a", private', { private: true }],
    ['private, private="a"', { private: true }],
    ['private="a", private="b c"', { private: true }],
    ['no-cache=""', { noCache: true }],
    ['no-cache="a,,b"', { noCache: true }],
    ['no-cache="a b"', { noCache: true }],
    ['no-cache = "a"', { noCache: true }],
  ]
  for (const [field, expected] of cases) {
    t.same(parseResponseDirectives(field), { ...noDirectives(), ...expected }, String(field))
  }
  t.end()
})

test('the open quote of one line hides nothing that another says', (t) => {
  const lines = ['max-age=60, a="', 'no-store, private="']
  t.match(parseResponseDirectives(lines), { maxAgeMs: 60_000, noStore: true, private: true })
  t.match(parseResponseDirectives(['private="a"', 'private="b"']), { private: ['a', 'b'] })
  t.match(parseResponseDirectives(['max-age=60', 'max-age=61']), { maxAgeMs: 0 })
  t.match(parseResponseDirectives('a=", no-store"'), { noStore: false })
  t.end()
})

test('a header bomb forbids storing', (t) => {
  t.equal(parseResponseDirectives(`max-age=60, ${'x,'.repeat(200)}`).noStore, true)
  t.equal(parseResponseDirectives(`max-age=60, x="${'y'.repeat(10_000)}"`).noStore, true)
  t.equal(parseResponseDirectives(['max-age=60', 'x,'.repeat(200)]).noStore, true)
  t.end()
})
