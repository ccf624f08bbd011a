import { test } from 'tap'
import { createUpstream, UpstreamOptionsError, type UpstreamOptions } from '../src/index.ts'
import { parseOptions } from '../src/options/parse-options.ts'

function problems(options: object): string[] {
  try {
    parseOptions(options as UpstreamOptions)
    return []
  } catch (error) {
    if (!(error instanceof UpstreamOptionsError)) throw error
    return error.problems.map(({ path }) => path)
  }
}

test('fills in the defaults and freezes them', async (t) => {
  const { options, origins } = parseOptions({ name: 'orders', origins: 'http://10.0.0.1:8080' })
  t.match(options, {
    timeouts: { connectMs: 1_000, headersMs: 10_000, bodyMs: 30_000, totalMs: 0 },
    retry: false,
    hedge: false,
    balance: { policy: 'round-robin' },
    outlier: { maxEjected: 0.5 },
    health: false,
    slowStart: false,
    dns: false,
    http2: false,
    pool: { connections: null },
    honorRetryAfter: false,
  })
  t.ok(Object.isFrozen(options) && Object.isFrozen(options.timeouts))
  t.match(origins, [{ weight: 1, address: { id: '10.0.0.1:8080' } }])
  const { retry } = parseOptions({ name: 'x', origins: ['http://a', 'http://b'], retry: {} }).options
  t.match(retry, {
    attempts: 1,
    backoff: { baseMs: 50, maxMs: 5_000, jitter: 'full' },
    respectRetryAfter: true,
  })
})

test('reports all problems at once, each with what it received', async (t) => {
  const bad = {
    name: '',
    origins: ['http://a', 'ftp://b', 'http://a', { origin: 'http://c', weight: 0, color: 'red' }],
    breaker: { failureRatio: 7 },
    timeouts: { connectMs: -1, headersMs: '10s', reedMs: 1 },
    retry: {
      attempts: 11,
      methods: ['GET', 'P UT'],
      statuses: [99],
      backoff: { baseMs: 100, maxMs: 50, jitter: 'some' },
      budget: { ratio: 2, minPerSecond: Number.NaN },
    },
    hedge: { quantile: 1 },
    balance: { policy: 'random', by: 'header:' },
    outlier: { maxEjected: 1.5, breaker: { minimumCalls: 0 } },
    health: { path: 'up', intervalMs: 0 },
    slowStart: { floor: 0 },
    dns: { resolve: 'me', minTtlMs: 0 },
    tls: { rejectUnauthorized: 'no', secure: true },
    http2: 1,
    pool: { connections: 0.5 },
    honorRetryAfter: 'yes',
    surprise: true,
  }
  t.same(problems(bad).sort(), [
    'balance.by',
    'balance.policy',
    'breaker.failureRatio',
    'dns.minTtlMs',
    'dns.resolve',
    'health.intervalMs',
    'health.path',
    'hedge.quantile',
    'honorRetryAfter',
    'http2',
    'name',
    'origins[1]',
    'origins[2]',
    'origins[3].color',
    'origins[3].weight',
    'outlier.breaker.minimumCalls',
    'outlier.maxEjected',
    'pool.connections',
    'retry.attempts',
    'retry.backoff.jitter',
    'retry.backoff.maxMs',
    'retry.budget.minPerSecond',
    'retry.budget.ratio',
    'retry.methods[1]',
    'retry.statuses[0]',
    'slowStart.floor',
    'surprise',
    'timeouts.connectMs',
    'timeouts.headersMs',
    'timeouts.reedMs',
    'tls.rejectUnauthorized',
    'tls.secure',
  ])
  t.throws(() => createUpstream(bad as never), {
    code: 'SLUICE_UPSTREAM_OPTIONS',
    message: /timeouts\.headersMs: expected a number of ms from 0 to 2147483647, received "10s"/,
  })
})

test('finds certificates and keys that cannot be read, and does not show them', async (t) => {
  const tls = { cert: 'no certificate', key: 'a secret' }
  t.throws(() => createUpstream({ name: 'x', origins: 'https://a', tls }), {
    problems: [{ path: 'tls', expected: /^certificates and keys that can be read: / }],
    message: /^(?![^]*a secret)[^]*received an object/,
  })
})

test('bears nonsense in each place', async (t) => {
  for (const nonsense of [null, 7, 'x', [], true]) {
    for (const key of [
      'timeouts',
      'retry',
      'hedge',
      'outlier',
      'health',
      'slowStart',
      'tls',
      'pool',
      'breaker',
    ]) {
      t.not(
        problems({ name: 'x', origins: 'http://a', [key]: nonsense }).length,
        0,
        `${key}: ${String(nonsense)}`,
      )
    }
    t.not(problems({ name: 'x', origins: nonsense }).length, 0)
  }
  t.not(problems(null as never).length, 0)
  t.same(problems({ name: 'x', origins: [] }), ['origins'])
})
