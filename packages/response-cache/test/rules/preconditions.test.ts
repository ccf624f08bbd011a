import * as fc from 'fast-check'
import { test } from 'tap'
import { parseEntityTags } from '../../src/rules/entity-tag.ts'
import type { HeaderFields } from '../../src/rules/message.ts'
import { isNotModified } from '../../src/rules/preconditions.ts'
import { get, httpDate, stored, textOf } from './exchange.ts'

const CONTROL = { 'cache-control': 'max-age=60' }
const notModified = (request: HeaderFields, headers: HeaderFields, status = 200) =>
  isNotModified(get(request), stored({ ...CONTROL, ...headers }, { status }))

test('If-None-Match compares weakly, in lists too', (t) => {
  const cases: [string | string[], string, boolean][] = [
    ['"a"', '"a"', true],
    ['"a"', '"b"', false],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['"x", "a", "y"', '"a"', true],
    ['"a","x"', '"a"', true],
    ['"x",W/"a"', '"a"', true],
    [['"x"', '"a"'], '"a"', true],
    ['"x, a"', '"a"', false],
    ['"x,y"', '"x,y"', true],
    ['""', '""', true],
    ['"é"', '"é"', true],
    ['*', '"a"', true],
    [' * ', '"a"', true],
    // Malformed: a whole answer is never wrong.
    ['a', '"a"', false],
    ['w/"a"', '"a"', false],
    ['W\\"a"', '"a"', false],
    ['"a', '"a"', false],
    ['', '"a"', false],
  ]
  for (const [field, etag, expected] of cases) {
    t.equal(notModified({ 'if-none-match': field }, { etag }), expected, JSON.stringify([field, etag]))
  }
  t.equal(notModified({ 'if-none-match': '*' }, {}), true)
  t.equal(notModified({ 'if-none-match': '"a"' }, {}), false)
  t.end()
})

test('If-Modified-Since', (t) => {
  const lastModified = { 'last-modified': httpDate(-100) }
  t.equal(notModified({ 'if-modified-since': httpDate(-100) }, lastModified), true)
  t.equal(notModified({ 'if-modified-since': httpDate(-50) }, lastModified), true)
  t.equal(notModified({ 'if-modified-since': httpDate(-101) }, lastModified), false)
  t.equal(notModified({ 'if-modified-since': 'Saturday, 21-Nov-26 11:58:20 GMT' }, lastModified), true)
  t.equal(notModified({ 'if-modified-since': 'soon' }, lastModified), false)
  t.equal(notModified({ 'if-modified-since': ['a', 'b'] }, lastModified), false)
  // Without Last-Modified the Date counts, else the arrival (§4.3.2).
  t.equal(notModified({ 'if-modified-since': httpDate(-10) }, { date: httpDate(-10) }), true)
  t.equal(notModified({ 'if-modified-since': httpDate(-11) }, { date: httpDate(-10) }), false)
  t.equal(notModified({ 'if-modified-since': httpDate(0) }, { date: 'x', 'last-modified': 'y' }), true)
  t.equal(notModified({ 'if-modified-since': httpDate(-1) }, { date: undefined }), false)
  t.end()
})

test('If-None-Match goes before If-Modified-Since', (t) => {
  const headers = { etag: '"a"', 'last-modified': httpDate(-100) }
  t.equal(notModified({ 'if-none-match': '"b"', 'if-modified-since': httpDate(0) }, headers), false)
  t.equal(notModified({ 'if-none-match': '"a"', 'if-modified-since': httpDate(-200) }, headers), true)
  t.end()
})

test('only a stored 200 is "not modified"', (t) => {
  t.equal(notModified({ 'if-none-match': '*' }, { etag: '"a"' }, 404), false)
  t.equal(notModified({}, { etag: '"a"' }), false)
  t.end()
})

test('a list of tags reads back', (t) => {
  const tag = fc.tuple(fc.constantFrom('', 'W/'), textOf('ab,*é/W')).map(([weak, text]) => `${weak}"${text}"`)
  fc.assert(
    fc.property(fc.array(tag), fc.constantFrom(',', ', ', ' ,\t', ',,'), (tags, separator) => {
      t.same(parseEntityTags(tags.join(separator)), tags)
    }),
  )
  t.end()
})
