import { StatsOptionsError, type OptionProblem } from './errors.ts'
import type { BreakerStatsOptions, ResolvedOptions } from './options.ts'

type Check = readonly [isGood: (value: unknown, all: ResolvedOptions) => boolean, expected: string]

const path: Check = [
  (value) => value === false || (typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value)),
  "a path such as '/monitor', without a slash at its end, or false",
]
const access: Check = [isAccess, "{ scopes }, a hook, 'loopback' or 'public'"]
const flag: Check = [(value) => typeof value === 'boolean', 'true or false']

const checks: Readonly<Record<keyof Omit<ResolvedOptions, 'live'>, Check>> = {
  stats: [
    (value, all) => path[0](value, all) && (value !== false || all.dashboard === false),
    `${path[1]}; not false with a dashboard, which reads it`,
  ],
  alias: path,
  dashboard: path,
  metrics: path,
  access,
  metricsAccess: access,
  origins: [isStrings, 'an array of origins'],
  keyHeader: [(value) => typeof value === 'string' && /^[\w-]+$/.test(value), 'the name of a header'],
  registry: [(value) => value === undefined || hasMethods(value, 'metrics'), 'a registry with metrics()'],
  proxyMetrics: flag,
  logTransitions: flag,
  instance: [(value) => typeof value === 'string' && value !== '', 'a name'],
  test: [
    (value) =>
      value === undefined ||
      (hasMethods(value, 'fail', 'heal', 'request') &&
        typeof (value as { breaker?: unknown }).breaker === 'string'),
    '{ breaker, fail, heal, request }',
  ],
}

const liveChecks: Readonly<Record<keyof ResolvedOptions['live'], Check>> = {
  intervalMs: integer(100, 60_000),
  maxViewers: integer(1, 10_000),
  maxBufferedBytes: integer(16_384, 1_073_741_824),
  maxAgeMs: integer(1_000, 86_400_000),
}

/** @throws StatsOptionsError with all that is wrong: values out of range, and names that do not exist */
export function checkOptions(given: BreakerStatsOptions, resolved: ResolvedOptions): void {
  const problems = [
    ...unknownNames(given, { ...checks, live: true }, ''),
    ...unknownNames(given.live ?? {}, liveChecks, 'live.'),
    ...failed(resolved, checks, resolved, ''),
    ...failed(resolved.live, liveChecks, resolved, 'live.'),
  ]
  if (problems.length > 0) throw new StatsOptionsError(problems)
}

function unknownNames(given: object, known: object, prefix: string): OptionProblem[] {
  return Object.entries(given)
    .filter(([name]) => !(name in known))
    .map(([name, value]) => ({ path: prefix + name, received: value, expected: 'no such option' }))
}

function failed(
  values: object,
  checks: Readonly<Record<string, Check>>,
  all: ResolvedOptions,
  prefix: string,
): OptionProblem[] {
  return Object.entries(checks).flatMap(([name, [isGood, expected]]) => {
    const received = (values as Record<string, unknown>)[name]
    return isGood(received, all) ? [] : [{ path: prefix + name, received, expected }]
  })
}

function integer(least: number, most: number): Check {
  return [
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    `an integer from ${least} to ${most}`,
  ]
}

function hasMethods(value: unknown, ...names: string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function')
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isAccess(value: unknown): boolean {
  if (typeof value === 'function' || value === 'loopback' || value === 'public') return true
  const scopes = (value as { scopes?: unknown } | null | undefined)?.scopes
  if (isStrings(scopes)) return true
  const { read, write } = (scopes ?? {}) as { read?: unknown; write?: unknown }
  return isStrings(read) && isStrings(write)
}
