import { test } from 'tap'
import { httpDate, policy, stored } from './exchange.ts'

const kept = (headers: Record<string, string | string[] | number>, control = 'max-age=60') => ({
  ...stored({ 'cache-control': control, ...headers }, { route: policy({ storeSetCookie: true }) }).headers,
})

const BASE = { 'cache-control': 'max-age=60', date: httpDate(0) }

test('everything else is kept, unknown fields too', (t) => {
  const headers = {
    'content-type': 'text/plain',
    'x-unknown': 'a',
    'content-length': 5,
    'x-list': ['a', 'b'],
    'cdn-cache-control': 'max-age=60',
    'surrogate-key': 'a b',
    'cache-status': 'Origin; hit',
    'clear-site-data': '"cache"',
    etag: '"a"',
    vary: 'accept',
  }
  t.same(kept(headers), { ...BASE, ...headers, 'content-length': '5' })
  t.end()
})

test('fields of one hop', (t) => {
  const headers: Record<string, string> = { connection: 'X-Hop, close', 'x-hop': '1' }
  for (const name of ['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']) {
    headers[name] = 'x'
  }
  for (const name of ['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'])
    headers[name] = 'x'
  t.same(kept(headers), BASE)
  t.same(
    { ...stored({ ...BASE, connection: ['a', 'b, c'], a: '1', b: '2', c: '3', d: '4' }).headers },
    {
      ...BASE,
      d: '4',
    },
  )
  t.end()
})

test('fields of one exchange or one client', (t) => {
  const headers: Record<string, string> = {}
  for (const name of [
    'age',
    'x-cache',
    'x-request-id',
    'x-correlation-id',
    'traceparent',
    'tracestate',
    'server-timing',
    'ratelimit',
    'ratelimit-limit',
    'ratelimit-policy',
    'x-ratelimit-remaining',
    'x-b3-traceid',
    'x-consumer-id',
    'x-csrf-token',
    'authentication-info',
  ]) {
    headers[name] = '1'
  }
  t.same(kept(headers), BASE)
  t.end()
})

test('fields that the response itself names', (t) => {
  const control = 'max-age=60, private="X-User", no-cache="x-nonce, set-cookie"'
  const headers = { 'x-user': 'a', 'x-nonce': 'b', 'set-cookie': 'c=d', 'x-kept': 'e' }
  t.same(kept(headers, control), { ...BASE, 'cache-control': control, 'x-kept': 'e' })
  t.end()
})

test('a missing Date is that of the arrival (RFC 9110 §6.6.1)', (t) => {
  t.equal(stored({ 'cache-control': 'max-age=60', date: undefined }).headers.date, httpDate(0))
  t.end()
})

test('names that mean something to objects are only names', (t) => {
  const headers = JSON.parse('{ "__proto__": "x", "constructor": "y", "cache-control": "max-age=60" }')
  const { headers: result } = stored(headers)
  t.notOk('toString' in result)
  t.equal(Object.entries(result).find(([name]) => name === '__proto__')?.[1], 'x')
  t.equal(result.constructor, 'y')
  t.end()
})
