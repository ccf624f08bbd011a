import { parseOrigins, type WeightedAddress } from '../origin/parse-origins.ts'
import { Checker } from './checker.ts'
import type { ResolvedTimeouts, ResolvedUpstreamOptions, TimeoutOptions, UpstreamOptions } from './options.ts'
import { parseBalance, parseHealth, parseOutlier, parseSlowStart } from './parse-balance.ts'
import { parseBreaker } from './parse-breaker.ts'
import { parseBudget, parseHedge, parseRetry } from './parse-retry.ts'
import { parseTls } from './parse-tls.ts'

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
    breaker: parseBreaker(check, given.breaker),
    registry: given.registry,
    timeouts: timeouts(check, given.timeouts),
    retry: parseRetry(check, given.retry),
    budget: parseBudget(check, given.retry),
    hedge: parseHedge(check, given.hedge),
    balance: parseBalance(check, given.balance),
    outlier: parseOutlier(check, given.outlier),
    health: parseHealth(check, given.health),
    slowStart: parseSlowStart(check, given.slowStart),
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

function timeouts(check: Checker, value: TimeoutOptions | undefined): ResolvedTimeouts {
  const given = check.object('timeouts', value, ['connectMs', 'headersMs', 'bodyMs', 'totalMs'])
  return Object.freeze({
    connectMs: check.duration('timeouts.connectMs', given.connectMs, 1_000),
    headersMs: check.duration('timeouts.headersMs', given.headersMs, 10_000),
    bodyMs: check.duration('timeouts.bodyMs', given.bodyMs, 30_000),
    totalMs: check.duration('timeouts.totalMs', given.totalMs, 0),
  })
}

function http2(check: Checker, value: UpstreamOptions['http2'] = false): ResolvedUpstreamOptions['http2'] {
  if (value !== 'prior-knowledge' && typeof value !== 'boolean') {
    check.reject('http2', value, "true, false or 'prior-knowledge'")
  }
  return value
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
