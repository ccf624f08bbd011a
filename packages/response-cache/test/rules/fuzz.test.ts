/** Whatever the fields of an exchange hold, nothing throws, and what is forbidden is neither stored nor served. */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { decide } from '../../src/rules/decide.ts'
import { servableUntilMs } from '../../src/rules/facts.ts'
import { invalidatedUris } from '../../src/rules/invalidation.ts'
import type { CacheRequest, HeaderFields, OriginResponse } from '../../src/rules/message.ts'
import { isNotModified } from '../../src/rules/preconditions.ts'
import { selectRange } from '../../src/rules/range.ts'
import { freshen, updateByHead } from '../../src/rules/revalidation.ts'
import { mayServeOnError } from '../../src/rules/stale.ts'
import { storability } from '../../src/rules/storing.ts'
import { parseTags } from '../../src/rules/tags.ts'
import { secondaryKey } from '../../src/rules/vary.ts'
import { httpDate, NOW, policy, SECOND, textOf } from './exchange.ts'

const number = fc.oneof(
  fc.nat({ max: 100 }).map(String),
  fc.constantFrom('-1', '1.5', 'x', '"60"', '9'.repeat(30)),
)
const names = fc.constantFrom('"set-cookie"', '"x-a, x-b"', '""', '"', 'x-a')
const directive = fc.oneof(
  fc.constantFrom(
    'no-store',
    'private',
    'no-cache',
    'public',
    'must-revalidate',
    'must-understand',
    'immutable',
  ),
  fc
    .tuple(fc.constantFrom('max-age', 's-maxage', 'stale-if-error', 'max-stale', 'min-fresh'), number)
    .map(join),
  fc.tuple(fc.constantFrom('private', 'no-cache', 'ext'), names).map(join),
  fc.constantFrom('only-if-cached', 'stale-while-revalidate=30', 'max-stale'),
  textOf('"\\,;= no-store'),
)
const control = fc.array(directive, { maxLength: 4 }).map((list) => list.join(', '))
const date = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map(httpDate),
  fc.constantFrom('0', '', 'Sat Nov 21 12:00:00 2026', 'Saturday, 21-Nov-26 12:00:00 GMT'),
  textOf('Sat, 21 Nov2026:GMT'),
)
const etag = fc.constantFrom('"a"', 'W/"a"', '"b"', 'a', '"', '*', '"a", "b"')
const noise = textOf('a1*,;="\\ -:%@?é')
const field = (value: fc.Arbitrary<string>) =>
  fc.option(fc.oneof(value, noise, fc.array(fc.oneof(value, noise), { maxLength: 3 })), { nil: undefined })

const responseFields: fc.Arbitrary<HeaderFields> = fc.record({
  'cache-control': field(control),
  'cdn-cache-control': fc.option(control, { nil: undefined, freq: 1 }),
  date: field(date),
  age: field(number),
  expires: field(date),
  'last-modified': field(date),
  etag: field(etag),
  vary: field(fc.constantFrom('*', 'accept-encoding', 'x-a, x-b', 'cookie')),
  'set-cookie': fc.option(fc.constant('a=b'), { nil: undefined, freq: 1 }),
  'x-request-id': fc.constant('r'),
  connection: field(fc.constant('x-hop')),
  'x-hop': fc.constant('h'),
  location: field(fc.webUrl()),
  'surrogate-key': field(noise),
})
const requestFields: fc.Arbitrary<HeaderFields> = fc.record({
  'cache-control': field(control),
  pragma: field(fc.constant('no-cache')),
  authorization: fc.option(fc.constant('x'), { nil: undefined, freq: 1 }),
  cookie: fc.option(fc.constant('a=b'), { nil: undefined, freq: 1 }),
  'accept-encoding': field(fc.constantFrom('gzip', '*;q=0', 'br;q=1, identity;q=0')),
  'if-none-match': field(etag),
  'if-modified-since': field(date),
  'if-range': field(etag),
  range: field(fc.constantFrom('bytes=0-1', 'bytes=-1', 'bytes=1-,3-')),
})
const request: fc.Arbitrary<CacheRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  headers: requestFields,
  consumer: fc.constantFrom(undefined, 'a', 'b'),
})
const response: fc.Arbitrary<OriginResponse> = fc.record({
  status: fc.constantFrom(200, 200, 200, 206, 304, 302, 404, 299, 500, 503, 103, 999),
  headers: responseFields,
  requestedAtMs: fc.integer({ min: NOW - 5000, max: NOW + 5000 }),
  receivedAtMs: fc.constant(NOW),
})
const route = fc
  .record({
    shared: fc.boolean(),
    defaultTtlMs: fc.option(fc.constant(60_000), { nil: undefined }),
    staleIfErrorMs: fc.constantFrom(0, 60_000),
    minTtlMs: fc.constantFrom(0, 10_000),
  })
  .map(policy)

const QUOTED = /=[ \t]*"(?:[^"\\]|\\.)*"[ \t]*(?=,|$)/g

/** Any mention of a directive at the start of a member, but for those within quotes: what a cautious reader would take as said. */
const says = (headers: HeaderFields, name: string) =>
  [headers['cache-control']]
    .flat()
    .some((line) => new RegExp(`(^|,)\\s*${name}\\s*(,|$)`).test(String(line ?? '').replaceAll(QUOTED, '=')))

test('storing', (t) => {
  let storedCount = 0
  fc.assert(
    fc.property(request, response, route, (asker, answer, limits) => {
      const result = storability(asker, answer, limits)
      if (!result.storable) return
      storedCount += 1
      const { facts, headers, status } = result.response
      assert.equal(asker.method, 'GET')
      assert.ok(status >= 200 && status <= 599 && status !== 206 && status !== 304)
      if (answer.headers['cdn-cache-control'] === undefined) {
        assert.ok(!says(answer.headers, 'private'))
        assert.ok(!says(answer.headers, 'no-store') || says(answer.headers, 'must-understand'))
        assert.ok(!says(answer.headers, 'no-cache') || facts.alwaysRevalidate)
      }
      for (const name of ['set-cookie', 'x-request-id', 'age']) assert.ok(!(name in headers), name)
      assert.ok(!facts.vary.includes('*'))
      const anonymous = asker.consumer === undefined && asker.headers.authorization === undefined
      assert.ok(anonymous || facts.partition !== 'anonymous')
      assert.ok([facts.bornAtMs, facts.freshUntilMs, servableUntilMs(facts)].every(Number.isFinite))
      assert.ok(facts.bornAtMs <= NOW)
    }),
    { numRuns: 1500 },
  )
  t.ok(storedCount > 100, `${storedCount} stored`)
  t.end()
})

test('serving', (t) => {
  const kinds = new Set<string>()
  const elapsed = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 1_000_000 }))
  fc.assert(
    fc.property(
      request,
      response,
      request,
      response,
      elapsed,
      route,
      (storer, answer, asker, next, seconds, limits) => {
        const outcome = storability({ ...storer, method: 'GET' }, { ...answer, status: 200 }, limits)
        const stored = outcome.storable ? outcome.response : undefined
        const now = NOW + seconds * SECOND
        const decision = decide(asker, stored, limits, now)
        kinds.add(decision.kind)
        parseTags(answer.headers, [])
        invalidatedUris(asker, 'http://a.example/', answer)
        if (stored === undefined) return decision.kind === 'miss' || decision.kind === 'gateway-timeout'
        secondaryKey(stored.facts.vary, asker)
        isNotModified(asker, stored)
        selectRange(asker, stored, 10)
        mayServeOnError(asker, stored.facts, limits, now)
        const later = { ...next, requestedAtMs: now, receivedAtMs: now }
        const freshened = freshen(asker, stored, { ...later, status: 304 }, limits)
        updateByHead(asker, stored, 10, later, limits)
        if (freshened !== undefined && freshened.facts.partition !== stored.facts.partition) return false
        if (decision.kind !== 'fresh' && decision.kind !== 'stale') return true
        const { facts } = stored
        const mine = facts.partition === 'shared' || storer.consumer === asker.consumer
        const inTime = decision.kind === 'stale' || now < facts.freshUntilMs
        return mine && inTime && !facts.alwaysRevalidate && asker.method !== 'POST'
      },
    ),
    { numRuns: 1500 },
  )
  t.same([...kinds].sort(), ['fresh', 'gateway-timeout', 'miss', 'revalidate', 'stale'])
  t.end()
})

function join([name, value]: readonly [string, string]): string {
  return `${name}=${value}`
}
