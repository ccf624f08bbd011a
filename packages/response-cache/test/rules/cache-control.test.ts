import * as fc from 'fast-check'
import { test } from 'tap'
import { deltaSeconds, FOREVER_SECONDS, parseCacheControl } from '../../src/rules/cache-control.ts'
import { textOf } from './exchange.ts'

const parsed = (field: string) =>
  parseCacheControl(field)?.map(({ name, value, malformed }) =>
    [name, ...(value === undefined ? [] : [value]), ...(malformed ? ['malformed'] : [])].join(' = '),
  )

test('directives, arguments, quoting and white space', (t) => {
  const cases: [string, string[]][] = [
    ['', []],
    [' , ,, ', []],
    ['no-store', ['no-store']],
    ['No-StOrE,\tMAX-age=60 ', ['no-store', 'max-age = 60']],
    ['max-age="60"', ['max-age = 60']],
    ['private="set-cookie, x-user", max-age=5', ['private = set-cookie, x-user', 'max-age = 5']],
    ['a="x \\" \\\\ , y", b', ['a = x " \\ , y', 'b']],
    ['a="",b', ['a = ', 'b']],
    ['a=,b', ['a = ', 'b']],
    ['max-age = 60', ['max-age = 60 = malformed']],
    ['max-age= 60', ['max-age = 60 = malformed']],
    ["max-age='60'", ["max-age = '60'"]],
    ['ext="max-age=3600", max-age=1', ['ext = max-age=3600', 'max-age = 1']],
    ['no cache, no-store', ['no', 'no-store']],
    ['(private), no-store', ['no-store']],
    ['max-age=1=2', ['max-age = 1=2']],
    ['max-age=1, max-age=2', ['max-age = 1', 'max-age = 2']],
  ]
  for (const [field, expected] of cases) t.same(parsed(field), expected, JSON.stringify(field))
  t.end()
})

test('an open quote hides no directive behind it', (t) => {
  t.same(parsed('private="set-cookie, no-store'), ['private = "set-cookie = malformed', 'no-store'])
  t.same(parsed('a="x"y, no-store'), ['a = "x"y = malformed', 'no-store'])
  t.same(parsed('a="\\", no-store'), ['a = "\\" = malformed', 'no-store'])
  t.end()
})

test('a field too long, or of too many directives, is refused', (t) => {
  t.equal(parseCacheControl(`max-age=1,${'x'.repeat(8192)}`), undefined)
  t.equal(parseCacheControl('a,'.repeat(129)), undefined)
  t.equal(parseCacheControl('a,'.repeat(128))?.length, 128)
  t.end()
})

test('delta-seconds', (t) => {
  const seconds = (field: string) => parseCacheControl(field)?.map(deltaSeconds).at(0)
  t.equal(seconds('max-age=0'), 0)
  t.equal(seconds('max-age=003600'), 3600)
  t.equal(seconds('max-age="60"'), 60)
  t.equal(seconds('max-age=2147483647'), 2_147_483_647)
  t.equal(seconds('max-age=2147483649'), FOREVER_SECONDS)
  t.equal(seconds(`max-age=${'9'.repeat(400)}`), FOREVER_SECONDS)
  for (const field of ['max-age', 'max-age=', 'max-age=-1', 'max-age=+1', 'max-age=1.5', 'max-age=1e3']) {
    t.equal(seconds(field), undefined, field)
  }
  for (const field of [
    "max-age='1'",
    'max-age=a1',
    'max-age=1a',
    'max-age= 1',
    'max-age=0x10',
    'max-age="1',
  ]) {
    t.equal(seconds(field), undefined, field)
  }
  t.end()
})

test('any text is read in bounded time and order, and none makes it throw', (t) => {
  const hostile = textOf('"\\,= \tno-storemax')
  fc.assert(
    fc.property(hostile, (text) => {
      const directives = parseCacheControl(text) ?? []
      return directives.every(({ name }) => name !== '' && name === name.toLowerCase())
    }),
  )
  // The worst case for a backtracking parser: all quotes, escapes and commas.
  for (const unit of ['"', '\\"', '",', '="', '= ']) {
    parseCacheControl(`a${unit.repeat(8190 / unit.length)}`)
  }
  t.end()
})

test('a directive is seen wherever it stands', (t) => {
  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
  const quoted = textOf('abc ,=;').map((text) => `"${text}"`)
  const directive = fc.oneof(
    token,
    fc.tuple(token, fc.oneof(token, quoted)).map(([name, value]) => `${name}=${value}`),
  )
  fc.assert(
    fc.property(
      fc.array(directive, { maxLength: 8 }),
      fc.array(directive, { maxLength: 8 }),
      (before, after) => {
        const names = parseCacheControl([...before, 'no-store', ...after].join(', '))?.map(({ name }) => name)
        return names?.length === before.length + after.length + 1 && names[before.length] === 'no-store'
      },
    ),
  )
  t.end()
})
