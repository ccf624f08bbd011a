import { TOKEN } from '../http1/fields.ts'
import { IDEMPOTENT_METHODS } from '../retry/idempotent-methods.ts'
import type { Checker } from './checker.ts'
import type { ResolvedRetry, ResolvedUpstreamOptions, RetryOptions, UpstreamOptions } from './options.ts'

export function parseRetry(check: Checker, value: RetryOptions | false | undefined): ResolvedRetry | false {
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
  const statuses = check.statuses('retry.statuses', given.statuses, [502, 503, 504])
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

export function parseBudget(
  check: Checker,
  retry: RetryOptions | false | undefined,
): ResolvedUpstreamOptions['budget'] {
  const value = typeof retry === 'object' && retry !== null ? retry.budget : undefined
  const given = check.object('retry.budget', value, ['ratio', 'minPerSecond'])
  return Object.freeze({
    ratio: check.number('retry.budget.ratio', given.ratio, 0.2, { max: 1 }),
    minPerSecond: check.number('retry.budget.minPerSecond', given.minPerSecond, 10, {}),
  })
}

export function parseHedge(
  check: Checker,
  value: UpstreamOptions['hedge'],
): ResolvedUpstreamOptions['hedge'] {
  if (value === undefined || value === false) return false
  const given = check.object('hedge', value, ['quantile', 'minDelayMs'])
  return Object.freeze({
    quantile: check.number('hedge.quantile', given.quantile, 0.95, { min: 0.5, max: 0.999 }),
    minDelayMs: check.duration('hedge.minDelayMs', given.minDelayMs, 10),
  })
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && TOKEN.test(value)
}
