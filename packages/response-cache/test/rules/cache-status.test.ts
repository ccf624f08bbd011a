import * as fc from 'fast-check'
import { test } from 'tap'
import { serializeCacheStatus } from '../../src/rules/cache-status.ts'
import type { CacheStatus } from '../../src/rules/cache-status.ts'
import { parseDictionary } from '../../src/rules/structured-fields.ts'
import { textOf } from './exchange.ts'

test('members (RFC 9211 §2)', (t) => {
  const cases: [string, CacheStatus, string][] = [
    ['Sluice', { hit: true }, 'Sluice; hit'],
    ['Sluice', { hit: true, ttlMs: 376_999 }, 'Sluice; hit; ttl=376'],
    ['Sluice', { hit: true, ttlMs: -412_000 }, 'Sluice; hit; ttl=-412'],
    ['Sluice', { hit: false, forward: 'uri-miss' }, 'Sluice; fwd=uri-miss'],
    ['Sluice', { hit: false, forward: 'stale', forwardStatus: 304 }, 'Sluice; fwd=stale; fwd-status=304'],
    [
      'Sluice',
      { hit: false, forward: 'miss', stored: true, collapsed: true, ttlMs: 60_000 },
      'Sluice; fwd=miss; stored; collapsed; ttl=60',
    ],
    [
      'Sluice',
      { hit: false, forward: 'miss', stored: false, collapsed: false },
      'Sluice; fwd=miss; collapsed=?0',
    ],
    [
      'CDN Company',
      { hit: true, key: '/a "b"', detail: 'memory' },
      '"CDN Company"; hit; key="/a \\"b\\""; detail=memory',
    ],
    ['Sluice', { hit: true, detail: 'set cookie' }, 'Sluice; hit; detail="set cookie"'],
    // hit and fwd exclude each other.
    ['Sluice', { hit: true, forward: 'stale' }, 'Sluice; hit'],
  ]
  for (const [cache, status, expected] of cases) t.equal(serializeCacheStatus(cache, status), expected)
  t.end()
})

test('always a valid structured field', (t) => {
  fc.assert(
    fc.property(fc.string(), textOf('aZ09 ,:\\"\n\u0000é€'), fc.integer(), (cache, key, ttlMs) => {
      const member = serializeCacheStatus(cache, { hit: true, key, detail: key, ttlMs })
      return parseDictionary(`a=${member}`) !== undefined
    }),
  )
  t.end()
})
