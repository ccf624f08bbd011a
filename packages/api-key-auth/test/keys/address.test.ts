import { test } from 'tap'
import { allowsCaller, clientNetwork, isCidr } from '../../src/keys/address.ts'
import type { ApiKeyRecord } from '../../src/keys/key-record.ts'

test('what is a block and what is not', async (t) => {
  for (const good of ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0']) t.ok(isCidr(good), good)
  for (const bad of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'host',
  ]) {
    t.notOk(isCidr(bad), bad)
  }
})

test('a record with blocks may be used from these alone', async (t) => {
  const record = { cidrs: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'] } as unknown as ApiKeyRecord
  for (const good of ['10.1.2.3', '192.0.2.7', '2001:db8::1', '::ffff:10.1.2.3']) {
    t.ok(allowsCaller(record, { address: good }), good)
  }
  for (const bad of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::ffff:11.0.0.1', 'unknown', undefined]) {
    t.notOk(allowsCaller(record, { address: bad }), String(bad))
  }
  t.ok(allowsCaller({} as ApiKeyRecord, {}))
})

test('an IPv6 client is its /64, an IPv4 client is its address', async (t) => {
  t.equal(clientNetwork('192.0.2.1'), '192.0.2.1')
  t.equal(clientNetwork('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(clientNetwork('2001:db8::1'), '2001:db8:0:0::/64')
  t.equal(clientNetwork('2001:0DB8:0:0:1::2'), '2001:db8:0:0::/64')
  t.equal(clientNetwork('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  t.equal(clientNetwork('::1'), '0:0:0:0::/64')
  t.equal(clientNetwork('fe80::1%eth0'), 'fe80:0:0:0::/64')
})
