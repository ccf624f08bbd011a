import { createCircuitBreaker, OptionsError, type BreakerOptions } from '@sluice/circuit-breaker'
import { isBreaker } from './breaker.ts'
import { Checker } from './checker.ts'
import { parseOrigins, type WeightedAddress } from './origin/parse-origins.ts'
import { TOKEN } from './http1/fields.ts'
import { parseTls } from './parse-tls.ts'
import { IDEMPOTENT_METHODS } from './retry/idempotent-methods.ts'
import type {
  BalanceOptions,
  HealthOptions,
  ResolvedBalance,
  ResolvedHealth,
  ResolvedRetry,
  ResolvedTimeouts,
  ResolvedUpstreamOptions,
  RetryOptions,
  TimeoutOptions,
  UpstreamOptions,
} from './options.ts'

const KEYS: readonly (keyof UpstreamOptions)[] = [
  'name',
  'origins',
  'breaker',
  'registry',
  'timeouts',
  'retry',
  'hedge',
  'balance',
  'outlier',
  'health',
  'slowStart',
  'dns',
  'tls',
  'http2',
  'pool',
  'honorRetryAfter',
]

export interface ParsedOptions {
  readonly options: ResolvedUpstreamOptions
  readonly origins: readonly WeightedAddress[]
}

/** Checks everything, fills in the defaults and freezes the result, or throws one {@link UpstreamOptionsError}. */
export function parseOptions(input: UpstreamOptions): ParsedOptions {
  const check = new Checker()
  const given = check.object('', input, KEYS)
  if (typeof given.name !== 'string' || given.name === '')
    check.reject('name', given.name, 'a non-empty string')
  const origins = parseOrigins(check, given.origins)
  const options: ResolvedUpstreamOptions = {
    name: String(given.name),
    breaker: breaker(check, given.breaker),
    registry: given.registry,
    timeouts: timeouts(check, given.timeouts),
    retry: retry(check, given.retry),
    budget: budget(check, given.retry),
    hedge: hedge(check, given.hedge),
    balance: balance(check, given.balance),
    outlier: outlier(check, given.outlier),
    health: health(check, given.health),
    slowStart: slowStart(check, given.slowStart),
    dns: dns(check, given.dns),
    tls: parseTls(check, given.tls),
    http2: http2(check, given.http2),
    pool: pool(check, given.pool),
    honorRetryAfter: check.boolean('honorRetryAfter', given.honorRetryAfter, false),
  }
  check.throwIfAny()
  return { options: Object.freeze(options), origins }
}

/** The origins of `setOrigins`. */
export function parseOriginsAlone(input: UpstreamOptions['origins']): readonly WeightedAddress[] {
  const check = new Checker()
  const origins = parseOrigins(check, input)
  check.throwIfAny()
  return origins
}

function breaker(check: Checker, value: UpstreamOptions['breaker']): ResolvedUpstreamOptions['breaker'] {
  if (value === undefined || value === false) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    check.reject('breaker', value, 'a circuit breaker, its options, or false')
    return false
  }
  if (!isBreaker(value)) breakerOptions(check, 'breaker', value)
  return value
}

/** Lets the breaker judge its own options: one is made, and forgotten. */
function breakerOptions(check: Checker, path: string, options: BreakerOptions): void {
  try {
    createCircuitBreaker({ ...options, name: path })
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    for (const problem of error.problems) check.reject(problem.path, problem.received, problem.expected)
  }
}

function timeouts(check: Checker, value: TimeoutOptions | undefined): ResolvedTimeouts {
  const given = check.object('timeouts', value, ['connectMs', 'headersMs', 'bodyMs', 'totalMs'])
  return Object.freeze({
    connectMs: check.duration('timeouts.connectMs', given.connectMs, 1_000),
    headersMs: check.duration('timeouts.headersMs', given.headersMs, 10_000),
    bodyMs: check.duration('timeouts.bodyMs', given.bodyMs, 30_000),
    totalMs: check.duration('timeouts.totalMs', given.totalMs, 0),
  })
}

function retry(check: Checker, value: RetryOptions | false | undefined): ResolvedRetry | false {
  if (value === undefined || value === false) return false
  const given = check.object('retry', value, [
    'attempts',
    'methods',
    'statuses',
    'backoff',
    'budget',
    'respectRetryAfter',
  ])
  const attempts = check.number('retry.attempts', given.attempts, 1, { max: 10, integer: true })
  const methods = check.list(
    'retry.methods',
    given.methods,
    [...IDEMPOTENT_METHODS],
    isToken,
    'a method such as GET',
  )
  const statuses = check.list(
    'retry.statuses',
    given.statuses,
    [502, 503, 504],
    isStatus,
    'a status from 200 to 599',
  )
  const resolved: ResolvedRetry = Object.freeze({
    attempts,
    methods: new Set(methods.filter(isToken).map((method) => method.toUpperCase())),
    statuses: new Set(statuses),
    backoff: backoff(check, given.backoff),
    respectRetryAfter: check.boolean('retry.respectRetryAfter', given.respectRetryAfter, true),
  })
  return attempts === 0 ? false : resolved
}

function backoff(check: Checker, value: RetryOptions['backoff']): ResolvedRetry['backoff'] {
  const given = check.object('retry.backoff', value, ['baseMs', 'maxMs', 'jitter'])
  const baseMs = check.duration('retry.backoff.baseMs', given.baseMs, 50, 1)
  return Object.freeze({
    baseMs,
    maxMs: check.duration('retry.backoff.maxMs', given.maxMs, Math.max(5_000, baseMs), baseMs),
    jitter: check.oneOf('retry.backoff.jitter', given.jitter, 'full', ['full', 'none']),
  })
}

function budget(check: Checker, retry: RetryOptions | false | undefined): ResolvedUpstreamOptions['budget'] {
  const value = typeof retry === 'object' && retry !== null ? retry.budget : undefined
  const given = check.object('retry.budget', value, ['ratio', 'minPerSecond'])
  return Object.freeze({
    ratio: check.number('retry.budget.ratio', given.ratio, 0.2, { max: 1 }),
    minPerSecond: check.number('retry.budget.minPerSecond', given.minPerSecond, 10, {}),
  })
}

function hedge(check: Checker, value: UpstreamOptions['hedge']): ResolvedUpstreamOptions['hedge'] {
  if (value === undefined || value === false) return false
  const given = check.object('hedge', value, ['quantile', 'minDelayMs'])
  return Object.freeze({
    quantile: check.number('hedge.quantile', given.quantile, 0.95, { min: 0.5, max: 0.999 }),
    minDelayMs: check.duration('hedge.minDelayMs', given.minDelayMs, 10),
  })
}

function http2(check: Checker, value: UpstreamOptions['http2'] = false): ResolvedUpstreamOptions['http2'] {
  if (value !== 'prior-knowledge' && typeof value !== 'boolean') {
    check.reject('http2', value, "true, false or 'prior-knowledge'")
  }
  return value
}

function balance(check: Checker, value: UpstreamOptions['balance']): ResolvedBalance {
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

function outlier(check: Checker, value: UpstreamOptions['outlier']): ResolvedUpstreamOptions['outlier'] {
  if (value === false) return false
  const given = check.object('outlier', value, ['maxEjected', 'breaker'])
  if (given.breaker !== undefined) breakerOptions(check, 'outlier.breaker', given.breaker)
  return Object.freeze({
    maxEjected: check.number('outlier.maxEjected', given.maxEjected, 0.5, { max: 1 }),
    breaker: given.breaker ?? { consecutiveFailures: 5 },
  })
}

function health(check: Checker, value: HealthOptions | false | undefined): ResolvedHealth | false {
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
  const statuses = check.list('health.statuses', given.statuses, [], isStatus, 'a status from 200 to 599')
  return Object.freeze({
    path,
    intervalMs: check.duration('health.intervalMs', given.intervalMs, 10_000, 1),
    timeoutMs: check.duration('health.timeoutMs', given.timeoutMs, 2_000, 1),
    healthyAfter: check.number('health.healthyAfter', given.healthyAfter, 2, { min: 1, integer: true }),
    unhealthyAfter: check.number('health.unhealthyAfter', given.unhealthyAfter, 3, { min: 1, integer: true }),
    statuses: given.statuses === undefined ? undefined : new Set(statuses),
  })
}

function slowStart(
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

function dns(check: Checker, value: UpstreamOptions['dns']): ResolvedUpstreamOptions['dns'] {
  if (value === undefined || value === false) return false
  const given = check.object('dns', value === true ? {} : value, ['minTtlMs', 'maxTtlMs', 'resolve'])
  if (given.resolve !== undefined && typeof given.resolve !== 'function') {
    check.reject('dns.resolve', given.resolve, 'a function')
  }
  const minTtlMs = check.duration('dns.minTtlMs', given.minTtlMs, 1_000, 1)
  return Object.freeze({
    minTtlMs,
    maxTtlMs: check.duration('dns.maxTtlMs', given.maxTtlMs, Math.max(30_000, minTtlMs), minTtlMs),
    resolve: given.resolve,
  })
}

function pool(check: Checker, value: UpstreamOptions['pool']): ResolvedUpstreamOptions['pool'] {
  const given = check.object('pool', value, ['connections', 'keepAliveMs', 'maxHeaderBytes'])
  const connections = check.number('pool.connections', given.connections, 0, { min: 1, integer: true })
  return Object.freeze({
    connections: connections === 0 ? null : connections,
    keepAliveMs: check.duration('pool.keepAliveMs', given.keepAliveMs, 4_000, 1),
    maxHeaderBytes: check.number('pool.maxHeaderBytes', given.maxHeaderBytes, 16_384, {
      min: 1_024,
      integer: true,
    }),
  })
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && TOKEN.test(value)
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599
}
