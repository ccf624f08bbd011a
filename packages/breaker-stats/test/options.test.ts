import { test } from 'tap'
import { StatsOptionsError } from '../src/index.ts'
import { parseOptions } from '../src/options.ts'

test('has defaults', (t) => {
  t.match(parseOptions({}), {
    stats: '/stats/circuit-breakers',
    alias: '/api/v1/circuit-breakers',
    dashboard: '/monitor',
    metrics: '/metrics',
    access: { scopes: { read: ['stats:read'], write: ['stats:write'] } },
    live: { intervalMs: 1_000, maxViewers: 100 },
  })
  t.ok(Object.isFrozen(parseOptions({})))
  t.end()
})

test('names every bad option at once', (t) => {
  const bad = {
    stats: false,
    metrics: 'metrics/',
    access: 'everyone',
    keyHeader: 'x api key',
    registry: {},
    test: { breaker: 'orders' },
    live: { intervalMs: 5, viewers: 3 },
    dashbord: '/monitor',
  }
  try {
    parseOptions(bad as never)
    t.fail('should have thrown')
  } catch (error) {
    t.ok(error instanceof StatsOptionsError)
    const { problems, message } = error as StatsOptionsError
    t.same(problems.map(({ path }) => path).sort(), [
      'access',
      'dashbord',
      'keyHeader',
      'live.intervalMs',
      'live.viewers',
      'metrics',
      'metricsAccess',
      'registry',
      'stats',
      'test',
    ])
    t.match(message, 'live.intervalMs: expected an integer from 100 to 60000, got 5')
  }
  t.end()
})
