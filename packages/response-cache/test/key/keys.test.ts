import * as fc from 'fast-check'
import { test } from 'tap'
import { parseKey, selectionOf } from '../../src/key/cache-key.ts'
import { lookupFor } from '../../src/key/lookup.ts'
import { normaliseUrl } from '../../src/key/query.ts'
import { parseTuple, tuple } from '../../src/key/tuple.ts'
import { parseOptions } from '../../src/options/plugin-options.ts'
import { newRoute } from '../../src/plugin/route.ts'

const runs = { numRuns: 300 }
/** Strings that look like parts of keys: lengths, separators, brackets. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('1', '2', ':', '|', '/', '[', ',', '"', 'a') }),
  fc.string(),
)

test('a tuple is read back as it was written', (t) => {
  fc.assert(
    fc.property(fc.array(text), text, (parts, rest) => {
      const written = tuple(parts)
      t.same(parseTuple(written + rest), { parts, end: written.length })
    }),
    runs,
  )
  for (const odd of ['', '|', '1|', '1|x', '1|5:abc', '99999999999|', '-1|', '1|-1:', '2|1:a']) {
    t.equal(parseTuple(odd), undefined, odd)
  }
  t.end()
})

test('distinct requests have distinct keys', (t) => {
  const { defaults } = parseOptions({ key: { headers: ['x-tenant', 'x-region'], query: { sort: false } } })
  const request = fc.record({
    url: text,
    host: fc.string(),
    scope: text,
    tenant: text,
    region: text,
    consumer: fc.option(text, { nil: undefined }),
    language: fc.option(text, { nil: undefined }),
  })
  type Sample = typeof request extends fc.Arbitrary<infer T> ? T : never
  const keyOf = ({ url, host, scope, tenant, region, consumer, language }: Sample): string => {
    const headers = { 'x-tenant': tenant, 'x-region': region, 'x-language': language }
    const asked = { method: 'GET', headers, consumer }
    const lookup = lookupFor(asked, url, host, newRoute(defaults, scope))
    return `${lookup?.slots[0]}${selectionOf(['x-language'], asked)}${lookup?.resource}`
  }
  // Selecting fields are compared without the space round them, hosts without case.
  const canonical = ({ language, host, ...rest }: Sample): string =>
    JSON.stringify({ ...rest, host: host.toLowerCase(), language: language?.trim() ?? null })
  fc.assert(
    fc.property(request, request, (a, b) => (keyOf(a) === keyOf(b)) === (canonical(a) === canonical(b))),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(
      request,
      fc.constantFrom('url', 'host', 'scope', 'tenant', 'region', 'consumer'),
      text,
      (a, part, value) => {
        const b = { ...a, [part]: value }
        return (keyOf(a) === keyOf(b)) === (canonical(a) === canonical(b))
      },
    ),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(request, (a) => {
      const key = keyOf(a)
      const parts = parseKey(key)
      return parts !== undefined && parts.slot + parts.selection + parts.resource === key
    }),
    runs,
  )
  t.pass('no two met')
  t.end()
})

test('a query is normalised as the route says', (t) => {
  const all = { sort: true, allow: undefined, ignore: undefined }
  const cases: [string, Parameters<typeof normaliseUrl>[1], string][] = [
    ['/a', all, '/a'],
    ['/a?', all, '/a?'],
    ['/a?b=2&a=1', all, '/a?a=1&b=2'],
    ['/a?x=2&x=1&a=0', all, '/a?a=0&x=2&x=1'],
    ['/a?b=2&a=1', { ...all, sort: false }, '/a?b=2&a=1'],
    ['/a?b=2&utm=9&a=1', { ...all, ignore: new Set(['utm']) }, '/a?a=1&b=2'],
    ['/a?b=2&utm=9', { ...all, allow: new Set(['b']) }, '/a?b=2'],
    ['/a?utm=9', { ...all, allow: new Set(['b']) }, '/a'],
    ['/a?%62=2&%zz=1', { ...all, allow: new Set(['b', '%zz']) }, '/a?%62=2&%zz=1'],
    ['/a?b=1?c=2&a', all, '/a?a&b=1?c=2'],
  ]
  for (const [url, rule, expected] of cases) t.equal(normaliseUrl(url, rule), expected, url)
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
      const once = normaliseUrl(url, all)
      return normaliseUrl(once, all) === once && once.length === url.length
    }),
    runs,
  )
  t.end()
})
