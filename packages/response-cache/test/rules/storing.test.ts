import { test } from 'tap'
import type { CachePolicy, HeaderFields } from '../../src/rules/message.ts'
import { storability } from '../../src/rules/storing.ts'
import { get, httpDate, ok, policy } from './exchange.ts'

const CACHEABLE = { 'cache-control': 'max-age=60' }

interface Case {
  readonly request?: HeaderFields
  readonly consumer?: string
  readonly method?: string
  readonly status?: number
  readonly headers?: HeaderFields
  readonly route?: Partial<CachePolicy>
}

function outcome({
  request = {},
  consumer,
  method = 'GET',
  status = 200,
  headers = CACHEABLE,
  route,
}: Case): string {
  const result = storability({ ...get(request, consumer), method }, ok(headers, { status }), policy(route))
  return result.storable ? result.response.facts.partition : result.reason
}

const control = (field: string): HeaderFields => ({ 'cache-control': field })

test('what is stored, and for whom', (t) => {
  const cases: [Case, string][] = [
    [{}, 'anonymous'],
    [{ headers: control('max-age=60, public') }, 'shared'],
    [{ headers: control('s-maxage=60') }, 'shared'],
    [{ headers: { 'cdn-cache-control': 'max-age=60, public' } }, 'shared'],
    [{ route: { shared: true } }, 'shared'],
    // Methods (§3): only what GET retrieves.
    [{ method: 'HEAD' }, 'method'],
    [{ method: 'POST' }, 'method'],
    [{ method: 'get' }, 'method'],
    // Statuses: final, whole and known where the response insists.
    [{ status: 103 }, 'status'],
    [{ status: 206 }, 'status'],
    [{ status: 304 }, 'status'],
    [{ status: 600 }, 'status'],
    [{ status: 299 }, 'anonymous'],
    [{ status: 302 }, 'anonymous'],
    [{ status: 503 }, 'anonymous'],
    [{ status: 299, headers: control('max-age=60, must-understand, no-store') }, 'must-understand'],
    [{ status: 299, headers: control('max-age=60, must-understand') }, 'must-understand'],
    [{ headers: control('max-age=60, must-understand, no-store') }, 'anonymous'],
    [{ headers: control('max-age=60, must-understand, no-store, private') }, 'private'],
    // Directives that forbid.
    [{ headers: control('max-age=60, no-store') }, 'no-store'],
    [{ headers: control('no-store, public, s-maxage=60') }, 'no-store'],
    [{ headers: control('max-age=60, private') }, 'private'],
    [{ headers: control('max-age=60, private="x-user"') }, 'anonymous'],
    [{ headers: control('private'), route: { shared: true, ttlMs: 60_000 } }, 'private'],
    [{ headers: { 'cdn-cache-control': 'private', 'cache-control': 'public, max-age=60' } }, 'private'],
    [{ headers: { 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' } }, 'anonymous'],
    [{ request: { 'cache-control': 'no-store' } }, 'request-no-store'],
    [{ request: { 'cache-control': 'no-store' }, route: { requestDirectives: false } }, 'anonymous'],
    // Vary.
    [{ headers: { ...CACHEABLE, vary: '*' } }, 'vary'],
    [{ headers: { ...CACHEABLE, vary: 'accept, *' } }, 'vary'],
    [{ headers: { ...CACHEABLE, vary: 'accept' } }, 'anonymous'],
    // Nothing that makes it fresh, stale-servable or validatable.
    [{ headers: {} }, 'no-freshness'],
    [{ headers: { etag: '"a"' } }, 'no-freshness'],
    [{ headers: control('public') }, 'no-freshness'],
    [{ headers: control('max-age=0') }, 'no-freshness'],
    [{ headers: control('no-cache') }, 'no-freshness'],
    [{ headers: { ...CACHEABLE, age: '60' } }, 'no-freshness'],
    [{ headers: { ...control('max-age=0'), etag: '"a"' } }, 'anonymous'],
    [{ headers: { ...control('no-cache'), etag: '"a"' } }, 'anonymous'],
    [{ headers: { ...control('no-cache'), etag: '"a"' }, status: 302 }, 'no-freshness'],
    [{ headers: control('max-age=0, stale-while-revalidate=5') }, 'anonymous'],
    [{ headers: control('stale-if-error=5') }, 'anonymous'],
    [{ headers: control('stale-if-error=5'), status: 302 }, 'no-freshness'],
    [{ headers: {}, route: { staleIfErrorMs: 5000 } }, 'anonymous'],
    [{ headers: control('max-age=0, must-revalidate'), route: { staleIfErrorMs: 5000 } }, 'no-freshness'],
  ]
  for (const [given, expected] of cases) t.equal(outcome(given), expected, JSON.stringify(given))
  t.end()
})

test('credentials (§3.5, and an API key counts like Authorization)', (t) => {
  const bearer = { authorization: 'Bearer x' }
  const cases: [Case, string][] = [
    [{ consumer: 'a' }, 'consumer:a'],
    [{ consumer: 'a', request: bearer }, 'consumer:a'],
    [{ consumer: 'a', headers: control('public, max-age=60') }, 'shared'],
    [{ consumer: 'a', headers: control('s-maxage=60') }, 'shared'],
    [{ consumer: 'a', headers: control('max-age=60, must-revalidate') }, 'consumer:a'],
    [{ consumer: 'a', route: { shared: true } }, 'shared'],
    [{ consumer: 'a', headers: control('max-age=60, private') }, 'private'],
    // Credentials whose owner nobody told us.
    [{ request: bearer }, 'authorization'],
    [{ request: bearer, headers: control('max-age=60, must-revalidate') }, 'authorization'],
    [{ request: bearer, headers: control('public, max-age=60') }, 'shared'],
  ]
  for (const [given, expected] of cases) t.equal(outcome(given), expected, JSON.stringify(given))
  t.end()
})

test('cookies', (t) => {
  const cookie = { cookie: 'session=1' }
  const setCookie = { ...CACHEABLE, 'set-cookie': 'a=b' }
  const cases: [Case, string][] = [
    [{ headers: setCookie }, 'set-cookie'],
    [{ headers: { ...setCookie, 'set-cookie': ['a=b', 'c=d'] } }, 'set-cookie'],
    [{ headers: setCookie, route: { storeSetCookie: true } }, 'anonymous'],
    // Where the origin forbids only the field, the rest is kept without it.
    [{ headers: { ...setCookie, 'cache-control': 'max-age=60, private="Set-Cookie"' } }, 'anonymous'],
    [{ headers: { ...setCookie, 'cache-control': 'max-age=60, no-cache="set-cookie"' } }, 'anonymous'],
    // An answer to a cookie is kept only if the origin set a lifetime or says that it is public.
    [{ request: cookie }, 'anonymous'],
    [{ request: cookie, headers: {}, route: { defaultTtlMs: 60_000 } }, 'cookie'],
    [{ request: cookie, headers: {}, route: { defaultTtlMs: 60_000, shared: true } }, 'shared'],
    [{ request: cookie, headers: { 'last-modified': httpDate(-86_400) } }, 'cookie'],
    [{ request: cookie, headers: control('public'), route: { defaultTtlMs: 60_000 } }, 'shared'],
    [{ request: cookie, headers: { ...control('no-cache'), etag: '"a"' } }, 'cookie'],
  ]
  for (const [given, expected] of cases) t.equal(outcome(given), expected, JSON.stringify(given))
  t.end()
})
