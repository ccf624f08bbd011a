import * as fc from 'fast-check'
import { test } from 'tap'
import type { CachePolicy, HeaderFields } from '../../src/rules/message.ts'
import { storability } from '../../src/rules/storing.ts'
import { freshSeconds, get, httpDate, ok, policy, SECOND, stored } from './exchange.ts'

const ETAG = { etag: '"v"' }
const fresh = (headers: HeaderFields, route: Partial<CachePolicy> = {}, status = 200) =>
  freshSeconds(stored({ ...ETAG, ...headers }, { route: policy(route), status }))

test('explicit lifetimes and their order', (t) => {
  const cases: [HeaderFields, number][] = [
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'max-age=60, s-maxage=30' }, 30],
    [{ 'cache-control': 's-maxage=60, max-age=0', expires: httpDate(-10) }, 60],
    [{ 'cache-control': 'max-age=60', expires: httpDate(10) }, 60],
    [{ 'cache-control': 'max-age=0', expires: httpDate(10) }, 0],
    [{ expires: httpDate(60) }, 60],
    [{ expires: httpDate(-60) }, 0],
    // A clock that is wrong at the origin is wrong in both fields.
    [{ expires: httpDate(7260), date: httpDate(7200) }, 60],
    [{ expires: httpDate(60), date: 'nonsense' }, 60],
    // Invalid or contradictory: in the past.
    [{ expires: '0' }, 0],
    [{ expires: 'Thu, 18 Aug 2050 02:01:18 UTC' }, 0],
    [{ expires: [httpDate(60), httpDate(61)] }, 0],
    [{ expires: [httpDate(60), httpDate(60)] }, 60],
    [{ expires: [] }, 0],
    [{ expires: '0', 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'max-age=-1', expires: httpDate(60) }, 0],
    // Age counts against it.
    [{ 'cache-control': 'max-age=60', age: '20' }, 40],
    [{ 'cache-control': 'max-age=60', age: '100' }, -40],
    [{ 'cache-control': 'max-age=60', date: httpDate(-50) }, 10],
    // A targeted field replaces Cache-Control and Expires (RFC 9213 §2.2).
    [{ 'cdn-cache-control': 'max-age=60', 'cache-control': 'max-age=1', expires: '0' }, 60],
    [{ 'cdn-cache-control': 'max-age=0', 'cache-control': 'max-age=60' }, 0],
  ]
  for (const [headers, seconds] of cases) t.equal(fresh(headers), seconds, JSON.stringify(headers))
  t.end()
})

test('a targeted field without a lifetime leaves none', (t) => {
  const result = storability(
    get(),
    ok({ 'cdn-cache-control': 'none', 'cache-control': 'max-age=60', expires: httpDate(60) }),
    policy(),
  )
  t.same(result, { storable: false, reason: 'no-freshness' })
  t.end()
})

test('heuristics: a tenth of the time since the last modification, a day at most', (t) => {
  const modified = (days: number) => ({ 'last-modified': httpDate(-days * 86_400) })
  t.equal(fresh(modified(1)), 8640)
  t.equal(fresh(modified(1000)), 86_400)
  t.equal(fresh(modified(1), { heuristicFraction: 0.5 }), 43_200)
  t.equal(fresh({ ...modified(1), 'cache-control': 'max-age=5' }), 5)
  t.equal(fresh({ ...modified(1), 'cache-control': 'public' }, {}, 299), 8640)
  for (const headers of [{ 'last-modified': 'x' }, { 'last-modified': httpDate(60) }, {}]) {
    t.same(storability(get(), ok(headers), policy()), { storable: false, reason: 'no-freshness' })
  }
  t.same(storability(get(), ok(modified(1)), policy({ heuristicFraction: 0 })), {
    storable: false,
    reason: 'no-freshness',
  })
  t.end()
})

test('heuristics only for statuses that allow them (RFC 9110 §15.1)', (t) => {
  const isStored = (status: number) =>
    storability(get(), ok({ 'last-modified': httpDate(-86_400) }, { status }), policy()).storable
  for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
    t.ok(isStored(status), `${status}`)
  for (const status of [201, 202, 299, 302, 303, 307, 400, 401, 403, 429, 500, 502, 503, 504]) {
    t.notOk(isStored(status), `${status}`)
  }
  t.end()
})

test("the route's TTLs", (t) => {
  const silent = {}
  t.equal(fresh(silent, { defaultTtlMs: 300_000 }), 300)
  t.equal(fresh({ 'last-modified': httpDate(-86_400) }, { defaultTtlMs: 300_000 }), 300)
  t.equal(fresh({ 'cache-control': 'max-age=5' }, { defaultTtlMs: 300_000 }), 5)
  t.equal(fresh({ 'cache-control': 'max-age=5' }, { ttlMs: 300_000 }), 300)
  t.equal(fresh(silent, { ttlMs: 300_000 }), 300)
  // They count from the arrival: an old Date or Age is not theirs.
  t.equal(fresh({ age: '1000' }, { defaultTtlMs: 300_000 }), 300)
  t.equal(fresh({ 'cache-control': 'max-age=5', age: '1000' }, { ttlMs: 300_000 }), 300)
  t.end()
})

test('negative caching per status', (t) => {
  const route = policy({ statusTtlMs: { 404: 10_000, 503: 1000 }, defaultTtlMs: 300_000, ttlMs: 600_000 })
  const result = (status: number, headers: HeaderFields = {}) => {
    const outcome = storability(get(), ok(headers, { status }), route)
    return outcome.storable ? freshSeconds(outcome.response) : outcome.reason
  }
  t.equal(result(404), 10)
  t.equal(result(503), 1)
  t.equal(result(404, { 'cache-control': 'max-age=60' }), 60)
  t.equal(result(503, { 'cache-control': 'no-store' }), 'no-store')
  // The TTLs of answers keep no error alive and make no other status storable.
  t.equal(result(410), 'no-freshness')
  t.equal(result(500), 'no-freshness')
  t.equal(result(302), 'no-freshness')
  t.equal(result(302, { 'cache-control': 'max-age=1' }), 600)
  t.end()
})

test('clamps', (t) => {
  const clamps = { minTtlMs: 30_000, maxTtlMs: 120_000 }
  t.equal(fresh({ 'cache-control': 'max-age=5' }, clamps), 30)
  t.equal(fresh({ 'cache-control': 'max-age=60' }, clamps), 60)
  t.equal(fresh({ 'cache-control': 'max-age=600' }, clamps), 120)
  t.equal(fresh({ 'cache-control': 'max-age=99999999999' }), 365 * 86_400)
  // Zero asks for validation.
  t.equal(fresh({ 'cache-control': 'max-age=0' }, clamps), 0)
  t.equal(fresh({ expires: '0' }, clamps), 0)
  t.equal(fresh({ 'cache-control': 'max-age=60, no-cache' }, clamps), 0)
  t.end()
})

test('freshness never outlasts lifetime less age, whatever is sent', (t) => {
  const seconds = fc.integer({ min: 0, max: 100_000 })
  fc.assert(
    fc.property(seconds, seconds, seconds, seconds, (maxAge, age, dated, delay) => {
      const response = ok(
        { ...ETAG, 'cache-control': `max-age=${maxAge}`, age: String(age), date: httpDate(-dated) },
        { requestedAtMs: ok().receivedAtMs - delay },
      )
      const result = storability(get(), response, policy())
      if (!result.storable) return false
      const expected = maxAge * SECOND - Math.max(age * SECOND + delay, dated * SECOND)
      return result.response.facts.freshUntilMs - response.receivedAtMs === expected
    }),
  )
  t.end()
})
