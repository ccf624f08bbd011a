import { test } from 'tap'
import { hashKeyOf } from '../../src/balance/hash-key.ts'
import { kUpstreamContext } from '../../src/context.ts'

const base = { path: '/', method: 'GET' } as const
const tenant = { from: 'header', name: 'x-tenant' } as const
const session = { from: 'cookie', name: 'sid' } as const

test('finds a header in each of undici’s forms', async (t) => {
  for (const headers of [
    { 'X-Tenant': 'a' },
    { 'x-tenant': ['a', 'b'] },
    ['accept', '*/*', 'X-Tenant', 'a'],
    new Map([['x-tenant', 'a']]),
    new Headers({ 'x-tenant': 'a' }),
  ]) {
    t.equal(hashKeyOf({ ...base, headers: headers as never }, tenant), 'a')
  }
  for (const headers of [undefined, null, {}, ['accept', '*/*']]) {
    t.equal(hashKeyOf({ ...base, headers: headers as never }, tenant), undefined)
  }
})

test('finds a cookie', async (t) => {
  t.equal(hashKeyOf({ ...base, headers: { cookie: 'a=1; sid=x=y; b=2' } }, session), 'x=y')
  t.equal(hashKeyOf({ ...base, headers: { cookie: 'xsid=1; =2; sid' } }, session), undefined)
  t.equal(hashKeyOf(base, session), undefined)
})

test('asks the context for the consumer, and first of all for a key of its own', async (t) => {
  const by = { from: 'consumer' } as const
  t.equal(hashKeyOf({ ...base, [kUpstreamContext]: { consumer: 'ann' } } as never, by), 'ann')
  t.equal(hashKeyOf(base, by), undefined)
  t.equal(
    hashKeyOf(
      { ...base, [kUpstreamContext]: { hashKey: 'k' }, headers: { 'x-tenant': 'a' } } as never,
      tenant,
    ),
    'k',
  )
})
