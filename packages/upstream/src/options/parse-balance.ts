import { TOKEN } from '../http1/fields.ts'
import type { Checker } from './checker.ts'
import type {
  BalanceOptions,
  HealthOptions,
  ResolvedBalance,
  ResolvedHealth,
  ResolvedUpstreamOptions,
  UpstreamOptions,
} from './options.ts'
import { checkBreakerOptions } from './parse-breaker.ts'

export function parseBalance(check: Checker, value: UpstreamOptions['balance']): ResolvedBalance {
  const whole: BalanceOptions | undefined = typeof value === 'string' ? { policy: value } : value
  const given = check.object('balance', whole, ['policy', 'by'])
  const policies = ['round-robin', 'least-requests', 'hash'] as const
  const policy = check.oneOf('balance.policy', given.policy, 'round-robin', policies)
  return Object.freeze({ policy, by: hashSource(check, given.by) })
}

function hashSource(check: Checker, by = 'consumer'): ResolvedBalance['by'] {
  const [, from, name = ''] = /^(consumer$|header|cookie)(?::(.+))?$/.exec(by) ?? []
  if (from === 'consumer') return { from }
  if ((from === 'header' || from === 'cookie') && TOKEN.test(name)) {
    return { from, name: from === 'header' ? name.toLowerCase() : name }
  }
  check.reject('balance.by', by, 'consumer, header:<name> or cookie:<name>')
  return { from: 'consumer' }
}

export function parseOutlier(
  check: Checker,
  value: UpstreamOptions['outlier'],
): ResolvedUpstreamOptions['outlier'] {
  if (value === false) return false
  const given = check.object('outlier', value, ['maxEjected', 'breaker'])
  if (given.breaker !== undefined) checkBreakerOptions(check, 'outlier.breaker', given.breaker)
  return Object.freeze({
    maxEjected: check.number('outlier.maxEjected', given.maxEjected, 0.5, { max: 1 }),
    breaker: given.breaker ?? { consecutiveFailures: 5 },
  })
}

export function parseHealth(
  check: Checker,
  value: HealthOptions | false | undefined,
): ResolvedHealth | false {
  if (value === undefined || value === false) return false
  const given = check.object('health', value, [
    'path',
    'intervalMs',
    'timeoutMs',
    'healthyAfter',
    'unhealthyAfter',
    'statuses',
  ])
  const path = given.path ?? '/'
  if (typeof path !== 'string' || !/^\/[!-~]*$/.test(path)) {
    check.reject('health.path', path, 'a path that begins with a slash, without spaces')
  }
  const statuses = check.statuses('health.statuses', given.statuses, [])
  return Object.freeze({
    path,
    intervalMs: check.duration('health.intervalMs', given.intervalMs, 10_000, 1),
    timeoutMs: check.duration('health.timeoutMs', given.timeoutMs, 2_000, 1),
    healthyAfter: check.number('health.healthyAfter', given.healthyAfter, 2, { min: 1, integer: true }),
    unhealthyAfter: check.number('health.unhealthyAfter', given.unhealthyAfter, 3, { min: 1, integer: true }),
    statuses: given.statuses === undefined ? undefined : new Set(statuses),
  })
}

export function parseSlowStart(
  check: Checker,
  value: UpstreamOptions['slowStart'],
): ResolvedUpstreamOptions['slowStart'] {
  if (value === undefined || value === false) return false
  const given = check.object('slowStart', value, ['durationMs', 'floor'])
  return Object.freeze({
    durationMs: check.duration('slowStart.durationMs', given.durationMs, 30_000, 1),
    floor: check.number('slowStart.floor', given.floor, 0.1, { min: 0.001, max: 1 }),
  })
}
