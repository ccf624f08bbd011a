import * as fc from 'fast-check'
import { test } from 'tap'
import { isToken, parseDictionary, serializeString } from '../../src/rules/structured-fields.ts'
import { textOf } from './exchange.ts'

const parsed = (field: string) => {
  const dictionary = parseDictionary(field)
  return dictionary === undefined ? undefined : Object.fromEntries(dictionary)
}

test('dictionaries', (t) => {
  const cases: [string, Record<string, unknown>][] = [
    ['', {}],
    ['  ', {}],
    ['a', { a: true }],
    ['max-age=60, no-store', { 'max-age': 60, 'no-store': true }],
    ['a=1 ,\t b=2', { a: 1, b: 2 }],
    ['a=?0, b=?1', { a: false, b: true }],
    ['a=-1.5', { a: -1.5 }],
    ['a="x \\" \\\\ y"', { a: 'x " \\ y' }],
    ['a=tok/en:1', { a: 'tok/en:1' }],
    ['a=:aGk=:', { a: ':aGk=:' }],
    ['a=@1659578233', { a: '@1659578233' }],
    ['a=%"f%c3%bc"', { a: '%"f%c3%bc"' }],
    ['a=(1 "b" c;d)', { a: null }],
    ['a=()', { a: null }],
    ['a=( 1  2 )', { a: null }],
    ['a=1;b=2; c, d;e', { a: 1, d: true }],
    ['a=1, a=2', { a: 2 }],
    ['*x=1', { '*x': 1 }],
  ]
  for (const [field, expected] of cases) t.same(parsed(field), expected, JSON.stringify(field))
  t.end()
})

test('a field is valid as a whole or not at all', (t) => {
  for (const field of [
    'MaX-aGe=60',
    'max-age =60',
    'max-age= 60',
    'max-age=60, &&&&&',
    'max-age=60,',
    ',max-age=60',
    'max-age=60,,no-store',
    'a=1 b=2',
    'a=',
    'a="x',
    'a="é"',
    'a="\\x"',
    'a=?2',
    'a=1.',
    'a=1.2345',
    'a=1234567890123456',
    'a=--1',
    'a=(1 2',
    'a=(1"b")',
    'a=1;B',
    'a=1;b=',
    'a=:a',
    '1=2',
    '\ta=1',
  ]) {
    t.equal(parseDictionary(field), undefined, JSON.stringify(field))
  }
  t.end()
})

test('no text makes it throw', (t) => {
  fc.assert(
    fc.property(textOf('ab=,;()"\\?1.-:@%* \té'), (text) => {
      const dictionary = parseDictionary(text)
      return dictionary === undefined || dictionary.size <= text.length
    }),
  )
  t.end()
})

test('strings are written so that they read back', (t) => {
  t.equal(serializeString('GET "x" \\ é\r\n'), '"GET \\"x\\" \\\\ ???"')
  fc.assert(
    fc.property(fc.string(), (text) => parseDictionary(`a=${serializeString(text)}`)?.get('a') === text),
  )
  t.end()
})

test('tokens', (t) => {
  for (const text of ['Sluice', '*', 'a/b:c', 'cache-3.example.com']) t.ok(isToken(text), text)
  for (const text of ['', '3x', 'a b', 'a"', 'é']) t.notOk(isToken(text), text)
  t.end()
})
