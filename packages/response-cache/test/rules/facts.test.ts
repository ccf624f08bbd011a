import { test } from 'tap'
import { expire, servableUntilMs } from '../../src/rules/facts.ts'
import { NOW, policy, SECOND, stored } from './exchange.ts'

test('windows for stale responses, and what rules them out', (t) => {
  const route = policy({ staleWhileRevalidateMs: 7 * SECOND, staleIfErrorMs: 9 * SECOND })
  const windows = (control: string) => {
    const { facts } = stored({ 'cache-control': control, etag: '"a"' }, { route })
    return [facts.staleWhileRevalidateMs / SECOND, facts.staleIfErrorMs / SECOND, facts.staleForbidden]
  }
  t.same(windows('max-age=1'), [7, 9, false])
  t.same(windows('max-age=1, stale-while-revalidate=2, stale-if-error=3'), [2, 3, false])
  t.same(windows('max-age=1, stale-while-revalidate=0, stale-if-error=0'), [0, 0, false])
  // s-maxage yields to what the same response names, not to the route.
  t.same(windows('s-maxage=1'), [0, 0, true])
  t.same(windows('s-maxage=1, stale-while-revalidate=2, stale-if-error=3'), [2, 3, true])
  for (const directive of ['must-revalidate', 'proxy-revalidate', 'no-cache']) {
    t.same(
      windows(`max-age=1, stale-while-revalidate=2, stale-if-error=3, ${directive}`),
      [0, 0, true],
      directive,
    )
  }
  t.end()
})

test('facts survive JSON', (t) => {
  const { facts } = stored({
    'cache-control': 'max-age=60',
    vary: 'b, A',
    etag: 'W/"a"',
    'last-modified': 'x',
  })
  t.same(JSON.parse(JSON.stringify(facts)), facts)
  t.same(facts.vary, ['a', 'b'])
  t.end()
})

test('a validator that came twice identifies nothing', (t) => {
  const { facts } = stored({ 'cache-control': 'max-age=60', etag: ['"a"', '"b"'], 'last-modified': '' })
  t.equal(facts.etag, undefined)
  t.equal(facts.lastModified, undefined)
  t.end()
})

test('until when it is of any use without validation', (t) => {
  const { facts } = stored({ 'cache-control': 'max-age=1, stale-while-revalidate=2, stale-if-error=3' })
  t.equal(servableUntilMs(facts), NOW + 4 * SECOND)
  t.end()
})

test('expiring makes stale and never fresher', (t) => {
  const { facts } = stored({ 'cache-control': 'max-age=60' })
  t.equal(expire(facts, NOW + SECOND).freshUntilMs, NOW + SECOND)
  t.equal(expire(facts, NOW + 61 * SECOND), facts)
  t.end()
})
