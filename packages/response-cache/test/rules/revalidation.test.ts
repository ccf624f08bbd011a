import { test } from 'tap'
import type { HeaderFields, StoredResponse } from '../../src/rules/message.ts'
import { defaultPolicy } from '../../src/rules/policy.ts'
import { freshen, updateByHead } from '../../src/rules/revalidation.ts'
import { freshSeconds, get, httpDate, NOW, ok, SECOND, stored } from './exchange.ts'

const LATER = NOW + 100 * SECOND
const reply = (status: number, headers: HeaderFields) =>
  ok({ date: httpDate(100), ...headers }, { status, requestedAtMs: LATER, receivedAtMs: LATER })

const BASE = { 'cache-control': 'max-age=60', etag: '"a"', 'content-type': 'text/plain', 'x-a': '1' }
const refreshed = (headers: HeaderFields, base: HeaderFields = BASE): StoredResponse | undefined =>
  freshen(get(), stored(base), reply(304, headers), defaultPolicy)

test('a 304 starts the freshness anew and updates fields (§4.3.4, §3.2)', (t) => {
  const result = refreshed({
    'cache-control': 'max-age=300',
    etag: '"a"',
    'x-a': '2',
    'x-b': '3',
    'content-type': 'text/html',
    // The stored body keeps its own shape.
    'content-length': '0',
    'content-encoding': 'br',
    'content-range': 'bytes 0-0/1',
    // And nothing of this exchange is kept.
    'x-request-id': 'r',
    age: '10',
    connection: 'x-hop',
    'x-hop': '1',
  })
  t.same(
    { ...result?.headers },
    {
      'cache-control': 'max-age=300',
      etag: '"a"',
      'content-type': 'text/html',
      'x-a': '2',
      'x-b': '3',
      date: httpDate(100),
    },
  )
  t.equal(result?.status, 200)
  t.equal(freshSeconds(result!), 100 + 300 - 10)
  t.end()
})

test('what the 304 leaves out stays', (t) => {
  const result = refreshed({})
  t.equal(result?.facts.etag, '"a"')
  t.equal(freshSeconds(result!), 160)
  const undated = freshen(get(), stored(BASE), reply(304, { date: undefined }), defaultPolicy)
  t.equal(undated?.headers.date, httpDate(100))
  t.equal(freshSeconds(undated!), 160)
  t.end()
})

test('which 304 is about the stored response', (t) => {
  const cases: [HeaderFields, HeaderFields, boolean][] = [
    [{ etag: '"a"' }, { etag: '"a"' }, true],
    [{ etag: '"a"' }, { etag: '"b"' }, false],
    [{ etag: '"a"' }, { etag: 'W/"a"' }, true],
    [{ etag: 'W/"a"' }, { etag: 'W/"a"' }, true],
    [{ etag: 'W/"a"' }, { etag: 'W/"b"' }, false],
    // A strong validator must be the stored one.
    [{ etag: 'W/"a"' }, { etag: '"a"' }, false],
    [{ 'last-modified': httpDate(-9) }, { etag: '"a"' }, false],
    [{ 'last-modified': httpDate(-9) }, { 'last-modified': httpDate(-9) }, true],
    [{ 'last-modified': httpDate(-9) }, { 'last-modified': httpDate(-8) }, false],
    [{ etag: '"a"' }, {}, true],
    [{ 'last-modified': httpDate(-9) }, {}, true],
  ]
  for (const [base, headers, expected] of cases) {
    const result = refreshed(headers, { 'cache-control': 'max-age=60', ...base })
    t.equal(result !== undefined, expected, JSON.stringify([base, headers]))
  }
  t.end()
})

test('a 304 that forbids storing ends it', (t) => {
  for (const control of ['no-store', 'private'])
    t.equal(refreshed({ 'cache-control': control }), undefined, control)
  t.equal(refreshed({ vary: '*' }), undefined)
  t.equal(refreshed({ 'set-cookie': 'a=b' }), undefined)
  t.end()
})

test('a 304 leaves the response in its partition', (t) => {
  const partition = (control: string, update: string, owner?: string, asker = owner) => {
    const response = stored({ etag: '"a"', 'cache-control': control }, { request: get({}, owner) })
    return freshen(get({}, asker), response, reply(304, { 'cache-control': update }), defaultPolicy)?.facts
      .partition
  }
  t.equal(partition('max-age=60', 'max-age=60', 'a'), 'consumer:a')
  t.equal(partition('max-age=60', 'max-age=60, public', 'a'), 'consumer:a')
  t.equal(partition('max-age=60, public', 's-maxage=60', 'a', 'b'), 'shared')
  // No longer for everyone: not to be left where everyone finds it.
  t.equal(partition('max-age=60, public', 'max-age=60', 'a'), undefined)
  t.end()
})

test('the request that validates need not be one whose answer would be stored', (t) => {
  const response = stored({ ...BASE, 'cache-control': 'no-cache' })
  for (const request of [
    get({ cookie: 'a=b' }),
    get({ 'cache-control': 'no-store' }),
    { ...get(), method: 'HEAD' },
  ]) {
    t.ok(freshen(request, response, reply(304, {}), defaultPolicy))
  }
  t.end()
})

test('HEAD updates or invalidates (§4.3.5)', (t) => {
  const base = { ...BASE, 'last-modified': httpDate(-9) }
  const update = (headers: HeaderFields, status = 200) =>
    updateByHead({ ...get(), method: 'HEAD' }, stored(base), 5, reply(status, headers), defaultPolicy)
  t.match(update({ 'x-a': '2', 'cache-control': 'max-age=300' }), {
    headers: { 'x-a': '2', 'content-type': 'text/plain' },
    facts: { freshUntilMs: NOW + 400 * SECOND },
  })
  t.ok(update({ etag: '"a"', 'last-modified': httpDate(-9), 'content-length': '5' }))
  t.ok(update({ 'content-length': 5 }))
  t.equal(update({ etag: '"b"' }), undefined)
  t.equal(update({ etag: 'W/"a"' }), undefined)
  t.equal(update({ 'last-modified': httpDate(-8) }), undefined)
  t.equal(update({ 'content-length': '6' }), undefined)
  t.equal(update({ 'cache-control': 'no-store' }), undefined)
  // Another status says nothing of it.
  t.same(update({ etag: '"b"' }, 404), stored(base))
  t.same(update({ etag: '"b"' }, 503), stored(base))
  t.end()
})
