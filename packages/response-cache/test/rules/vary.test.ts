import * as fc from 'fast-check'
import { test } from 'tap'
import { normalizeAcceptEncoding } from '../../src/rules/accept-encoding.ts'
import { secondaryKey, varyNames } from '../../src/rules/vary.ts'
import { get, textOf } from './exchange.ts'

test('the names in Vary', (t) => {
  const cases: [string | string[] | undefined, readonly string[] | undefined][] = [
    [undefined, []],
    ['', []],
    ['Accept', ['accept']],
    ['b, A,b ,', ['a', 'b']],
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
    ['*', undefined],
    ['*, *', undefined],
    [', *', undefined],
    [['', '*'], undefined],
    ['*, foo', undefined],
    ['foo, *', undefined],
    ['a b', undefined],
    ['"a"', undefined],
    [Array.from({ length: 16 }, (_, i) => `x${i}`).join(), expectedNames(16)],
    [Array.from({ length: 17 }, (_, i) => `x${i}`).join(), undefined],
  ]
  for (const [vary, expected] of cases) t.same(varyNames({ vary }), expected, JSON.stringify(vary))
  t.end()

  function expectedNames(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `x${i}`).sort()
  }
})

const key = (name: string, value: string | string[] | undefined) =>
  secondaryKey([name], get({ [name]: value }))

test('requests that match', (t) => {
  const same: [string, string | string[], string | string[]][] = [
    ['x-foo', '1', ' 1 '],
    ['x-foo', ['1', '2'], '1, 2'],
    ['accept-language', 'en, DE;q=0.5', 'EN,de; q=0.5'],
    ['accept-encoding', 'gzip, br', 'br;q=0.5,gzip'],
  ]
  for (const [name, a, b] of same) t.equal(key(name, a), key(name, b), JSON.stringify([name, a, b]))
  t.end()
})

test('requests that do not', (t) => {
  const different: [string, string | undefined, string | undefined][] = [
    ['x-foo', '1', '2'],
    ['x-foo', '1', undefined],
    ['x-foo', '', undefined],
    ['x-foo', 'null', undefined],
    ['x-foo', 'a', 'A'],
    ['x-foo', '1,2', '1, 2'],
    ['accept-language', 'en, de', 'de, en'],
    ['accept-language', 'en', 'en;q=0'],
    ['accept', 'text/html', 'application/json'],
    ['accept-encoding', 'gzip', 'br'],
    ['accept-encoding', 'gzip', undefined],
  ]
  for (const [name, a, b] of different) t.not(key(name, a), key(name, b), JSON.stringify([name, a, b]))
  t.end()
})

test('nothing selects: no key', (t) => {
  t.equal(secondaryKey([], get({ accept: 'x' })), '')
  t.end()
})

test('different tuples have different keys', (t) => {
  const value = fc.option(
    textOf('ab,"[]\\: ').map((text) => text.trim()),
    { nil: undefined },
  )
  fc.assert(
    fc.property(fc.tuple(value, value), fc.tuple(value, value), (left, right) => {
      const [a, b] = [left, right].map(([x, y]) => secondaryKey(['x', 'y'], get({ x, y })))
      return (a === b) === (left[0] === right[0] && left[1] === right[1])
    }),
  )
  t.end()
})

test('Accept-Encoding by the set of codings that it accepts', (t) => {
  const cases: [string, string][] = [
    ['', ''],
    ['identity', ''],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br,deflate,gzip'],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', '*,br,gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=0', ''],
    ['gzip;q=0.000', ''],
    ['gzip; q=0.001', 'gzip'],
    ['gzip;q=0, *', '*,gzip;q=0'],
    ['gzip;q=zero', 'gzip'],
    ['gzip,,', 'gzip'],
    // Refusing what is not coded.
    ['identity;q=0, gzip', 'gzip,identity;q=0'],
    ['*;q=0', 'identity;q=0'],
    ['gzip, *;q=0', 'gzip,identity;q=0'],
    ['identity, *;q=0', ''],
  ]
  for (const [field, expected] of cases)
    t.equal(normalizeAcceptEncoding(field), expected, JSON.stringify(field))
  const long = `gzip,${'x'.repeat(512)}`
  t.equal(normalizeAcceptEncoding(long), long)
  t.end()
})

test('order, case and weights above zero select nothing', (t) => {
  const coding = fc.constantFrom('gzip', 'br', 'zstd', 'deflate', 'GZip')
  const weight = fc.constantFrom('', ';q=1', '; q=0.5', ';q=0.001')
  const codings = fc.uniqueArray(coding, { selector: (name) => name.toLowerCase() })
  fc.assert(
    fc.property(codings, fc.array(weight, { minLength: 5, maxLength: 5 }), (names, weights) => {
      const field = names
        .map((name, i) => `${name}${weights[i]}`)
        .reverse()
        .join(', ')
      return (
        normalizeAcceptEncoding(field) ===
        names
          .map((name) => name.toLowerCase())
          .sort()
          .join(',')
      )
    }),
  )
  t.end()
})

test('more values than are remembered', (t) => {
  const fields = Array.from({ length: 600 }, (_, i) => `x${i}, gzip`)
  for (const field of [...fields, ...fields]) {
    if (normalizeAcceptEncoding(field) !== field.split(', ').sort().join(',')) t.fail(field)
  }
  t.end()
})
