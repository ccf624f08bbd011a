import * as fc from 'fast-check'
import { test } from 'tap'
import { atAddress, parseAddress } from '../../src/origin/address.ts'

test('reads origins', async (t) => {
  const seen = [
    'http://10.0.0.1:8080',
    'https://api.example.com/',
    'http://[::1]:80',
    'unix:/run/orders.sock',
    'http+unix://%2Frun%2Forders.sock',
    'https+unix://%2Frun%2Forders.sock',
  ].map((text) => {
    const { label, id, url, socketPath } = parseAddress(text) ?? {}
    return [label, id, url?.protocol, socketPath]
  })
  t.same(seen, [
    ['http://10.0.0.1:8080', '10.0.0.1:8080', 'http:', undefined],
    ['https://api.example.com', 'api.example.com:443', 'https:', undefined],
    ['http://[::1]', '[::1]:80', 'http:', undefined],
    ['unix:/run/orders.sock', '/run/orders.sock', 'http:', '/run/orders.sock'],
    ['unix:/run/orders.sock', '/run/orders.sock', 'http:', '/run/orders.sock'],
    ['unix:/run/orders.sock', '/run/orders.sock', 'https:', '/run/orders.sock'],
  ])
})

test('refuses what is no origin, or more than one', async (t) => {
  for (const text of [
    '',
    'orders',
    'orders:8080',
    '//orders',
    'ftp://orders',
    'http://',
    'http://orders:99999',
    'http://orders:0',
    'http://ann:secret@orders',
    'http://orders/base',
    'http://orders?x=1',
    'http://orders#x',
    'http://or ders',
    'http://orders\r\nHost: evil',
    'http:\\\\orders',
    'http:/orders',
    ' http://orders',
    'unix:',
    'unix:run/orders.sock',
    'unix:/run/',
    'http+unix://%zz',
    'http+unix://run',
    'https+unix:/run',
    'unix+http://%2Frun',
  ]) {
    t.equal(parseAddress(text), undefined, JSON.stringify(text))
  }
})

test('keeps the name for TLS and Host when it is resolved', async (t) => {
  const named = parseAddress('https://api.example.com')
  if (named === undefined) throw new Error('not an address')
  t.match(atAddress(named, '10.0.0.7'), {
    id: '10.0.0.7:443',
    label: 'https://10.0.0.7:443',
    address: '10.0.0.7',
  })
  t.match(atAddress(named, 'fd00::7'), { id: '[fd00::7]:443' })
  t.equal(atAddress(named, '10.0.0.7').url.hostname, 'api.example.com')
})

test('never throws, and never keeps a path, a query or credentials', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `http://${text}`),
      ),
      (text) => {
        const address = parseAddress(text)
        if (address === undefined || address.socketPath !== undefined) return true
        const { pathname, search, hash, username, password } = address.url
        return pathname === '/' && search + hash + username + password === ''
      },
    ),
    { numRuns: 150 },
  )
})
