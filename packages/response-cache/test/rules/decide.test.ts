import * as fc from 'fast-check'
import { test } from 'tap'
import { decide } from '../../src/rules/decide.ts'
import type { HeaderFields } from '../../src/rules/message.ts'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { get, httpDate, NOW, policy, SECOND, stored } from './exchange.ts'

const LAST_MODIFIED = httpDate(-86_400)
const VALIDATORS = { etag: '"a"', 'last-modified': LAST_MODIFIED }

/** The decision in short, `age` seconds after the response arrived. */
function decision(
  control: string,
  age: number,
  request: HeaderFields = {},
  headers: HeaderFields = {},
): string {
  const response = stored({ 'cache-control': control, ...VALIDATORS, ...headers })
  const result = decide(get(request), response, defaultPolicy, NOW + age * SECOND)
  if (result.kind === 'stale') return result.refresh ? 'stale, refresh' : 'stale'
  return 'forward' in result ? `${result.kind}: ${result.forward}` : result.kind
}

test('without request directives', (t) => {
  const cases: [string, number, string][] = [
    ['max-age=60', 0, 'fresh'],
    ['max-age=60', 59, 'fresh'],
    // Fresh while the lifetime is greater than the age (§4.2).
    ['max-age=60', 60, 'revalidate: stale'],
    ['max-age=60, no-cache', 0, 'revalidate: stale'],
    // Also after the clock was set back.
    ['max-age=60, no-cache', -5, 'revalidate: stale'],
    ['max-age=60, no-cache, stale-while-revalidate=60', 0, 'revalidate: stale'],
    ['max-age=60, stale-while-revalidate=30', 60, 'stale, refresh'],
    ['max-age=60, stale-while-revalidate=30', 89, 'stale, refresh'],
    ['max-age=60, stale-while-revalidate=30', 90, 'revalidate: stale'],
    ['s-maxage=60, stale-while-revalidate=30', 61, 'stale, refresh'],
    ['max-age=60, stale-while-revalidate=30, must-revalidate', 61, 'revalidate: stale'],
    ['max-age=60, stale-if-error=30', 61, 'revalidate: stale'],
    ['max-age=60, immutable', 61, 'revalidate: stale'],
  ]
  for (const [control, age, expected] of cases)
    t.equal(decision(control, age), expected, `${control} at ${age} s`)
  t.end()
})

test('with request directives (§5.2.1)', (t) => {
  const cases: [string, number, string, string][] = [
    ['max-age=60', 10, 'no-cache', 'revalidate: request'],
    ['max-age=60', 70, 'no-cache', 'revalidate: stale'],
    ['max-age=60, immutable', 10, 'no-cache', 'revalidate: request'],
    ['max-age=60', 10, 'no-store', 'miss: request'],
    ['max-age=60', 10, 'max-age=0', 'revalidate: request'],
    ['max-age=60', 10, 'max-age=9', 'revalidate: request'],
    ['max-age=60', 10, 'max-age=10', 'fresh'],
    ['max-age=60', 10, 'max-age=9, max-stale=1', 'fresh'],
    ['max-age=60, immutable', 10, 'max-age=0', 'fresh'],
    ['max-age=60, immutable', 61, 'max-age=0', 'revalidate: stale'],
    ['max-age=60, immutable', 70, 'max-age=5, max-stale=20', 'revalidate: stale'],
    ['max-age=60', 10, 'min-fresh=50', 'fresh'],
    ['max-age=60', 10, 'min-fresh=51', 'revalidate: request'],
    ['max-age=60', 70, 'max-stale', 'stale'],
    ['max-age=60', 70, 'max-stale=10', 'stale'],
    ['max-age=60', 70, 'max-stale=9', 'revalidate: stale'],
    ['max-age=60, must-revalidate', 70, 'max-stale', 'revalidate: stale'],
    ['max-age=60, proxy-revalidate', 70, 'max-stale', 'revalidate: stale'],
    ['s-maxage=60', 70, 'max-stale', 'revalidate: stale'],
    ['max-age=60, no-cache', 0, 'max-stale', 'revalidate: stale'],
    // Whoever limits the age wants nothing stale.
    ['max-age=60, stale-while-revalidate=30', 70, 'max-age=100', 'revalidate: stale'],
    ['max-age=60, stale-while-revalidate=30', 70, 'max-age=100, max-stale', 'stale, refresh'],
    ['max-age=60, stale-while-revalidate=30', 70, 'min-fresh=1', 'revalidate: stale'],
    ['max-age=60', 10, 'only-if-cached', 'fresh'],
    ['max-age=60', 70, 'only-if-cached', 'gateway-timeout'],
    ['max-age=60', 70, 'only-if-cached, max-stale', 'stale'],
    ['max-age=60', 10, 'only-if-cached, no-cache', 'gateway-timeout'],
    ['max-age=60', 10, 'unknown, foo="bar"', 'fresh'],
  ]
  for (const [control, age, asked, expected] of cases) {
    t.equal(
      decision(control, age, { 'cache-control': asked }),
      expected,
      `${control} at ${age} s, asked ${asked}`,
    )
  }
  t.equal(decision('max-age=60', 10, { pragma: 'no-cache' }), 'revalidate: request')
  t.end()
})

test('a route may ignore what requests ask', (t) => {
  const response = stored({ 'cache-control': 'max-age=60' })
  const route = policy({ requestDirectives: false })
  for (const headers of [{ 'cache-control': 'no-cache, only-if-cached' }, { pragma: 'no-cache' }]) {
    t.equal(decide(get(headers), response, route, NOW).kind, 'fresh')
  }
  t.same(decide(get({ 'cache-control': 'only-if-cached' }), undefined, route, NOW), {
    kind: 'miss',
    forward: 'miss',
  })
  t.end()
})

test('nothing stored', (t) => {
  t.same(decide(get(), undefined, defaultPolicy, NOW), { kind: 'miss', forward: 'miss' })
  const asked = get({ 'cache-control': 'only-if-cached' })
  t.same(decide(asked, undefined, defaultPolicy, NOW), { kind: 'gateway-timeout' })
  t.end()
})

test('requests that a cache does not answer', (t) => {
  const response = stored({ 'cache-control': 'max-age=60' })
  const forward = (method: string, headers: HeaderFields = {}) =>
    decide({ method, headers, consumer: undefined }, response, defaultPolicy, NOW)
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'FOO']) {
    t.same(forward(method), { kind: 'miss', forward: 'method' }, method)
  }
  t.same(forward('GET', { 'if-match': '"a"' }), { kind: 'miss', forward: 'bypass' })
  t.same(forward('GET', { 'if-unmodified-since': LAST_MODIFIED }), { kind: 'miss', forward: 'bypass' })
  t.equal(forward('HEAD').kind, 'fresh')
  t.end()
})

test('figures', (t) => {
  const response = stored({ 'cache-control': 'max-age=60, stale-while-revalidate=60', age: '10' })
  const at = (age: number) => decide(get(), response, defaultPolicy, NOW + age * SECOND)
  t.same(at(5), { kind: 'fresh', ageMs: 15 * SECOND, ttlMs: 45 * SECOND })
  t.same(at(55), { kind: 'stale', ageMs: 65 * SECOND, ttlMs: -5 * SECOND, refresh: true })
  // A clock that was set back makes nothing younger than new.
  t.match(at(-100), { ageMs: 0 })
  t.end()
})

test('validation asks with what is stored', (t) => {
  const headers = (validators: HeaderFields) => {
    const response = stored({ 'cache-control': 'max-age=1, stale-if-error=60', ...validators })
    const result = decide(get(), response, defaultPolicy, NOW + SECOND)
    return result.kind === 'revalidate' ? result.headers : undefined
  }
  t.same(headers(VALIDATORS), { 'if-none-match': '"a"', 'if-modified-since': LAST_MODIFIED })
  t.same(headers({ etag: 'W/"a"' }), { 'if-none-match': 'W/"a"' })
  t.same(headers({}), {})
  t.end()
})

test('nobody gets what was kept for another', (t) => {
  const who = fc.constantFrom(undefined, 'a', 'b', 'anonymous', 'shared', '')
  const control = fc.constantFrom(
    'max-age=60',
    'public, max-age=60',
    's-maxage=60',
    'max-age=60, must-revalidate',
  )
  fc.assert(
    fc.property(who, who, control, fc.boolean(), (owner, asker, field, bearer) => {
      const response = stored({ 'cache-control': field }, { request: get({}, owner) })
      const headers = bearer ? { authorization: 'x' } : {}
      const served = decide(get(headers, asker), response, defaultPolicy, NOW).kind === 'fresh'
      const shared = /public|s-maxage/.test(field)
      const anonymous = owner === undefined && asker === undefined && !bearer
      return served === (shared || anonymous || (owner !== undefined && owner === asker))
    }),
  )
  t.end()
})
