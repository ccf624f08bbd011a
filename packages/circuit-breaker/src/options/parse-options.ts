import { OptionChecker } from './option-checker.ts'
import {
  readBulkhead,
  readFailOn,
  readOpen,
  readProbe,
  readRecovery,
  readSlowCall,
  readWindow,
} from './option-groups.ts'
import type { BreakerOptions, ResolvedBreakerOptions } from './options.ts'
import { readFallback } from './read-fallback.ts'

export const DEFAULT_OPTIONS: ResolvedBreakerOptions = deepFreeze({
  window: { type: 'time', durationMs: 10_000, buckets: 10 },
  failureRatio: 0.5,
  minimumCalls: 20,
  consecutiveFailures: false,
  slowCall: false,
  strategy: undefined,
  open: { durationMs: 30_000, maxMs: 300_000, factor: 2, jitter: 0.2 },
  probe: { max: 3, concurrency: 1, successRatio: 0.67, timeoutMs: undefined, maxWaitMs: 30_000 },
  recovery: { rampMs: 10_000, floor: 0.1 },
  isFailure: undefined,
  failOn: { status: undefined, network: true },
  timeoutMs: undefined,
  bulkhead: false,
  leaseMs: 600_000,
  mode: 'enforce',
  fallback: undefined,
  group: undefined,
})

/**
 * The options in force: what is given, and `base` for the rest. Throws `OptionsError` with all that is wrong; `path`
 * leads to the options in what the user wrote.
 */
export function parseOptions(
  options: BreakerOptions,
  path: string,
  base: ResolvedBreakerOptions = DEFAULT_OPTIONS,
): ResolvedBreakerOptions {
  const check = new OptionChecker()
  const parsed = readOptions(check, path, options, base)
  check.finish()
  // Many breakers may differ in nothing but their names.
  return Object.keys(options).length === 0 ? base : deepFreeze(parsed)
}

/** Options for a running breaker: what is left out stays, and the length of leases stays in any case. */
export function parseUpdate(
  options: BreakerOptions,
  path: string,
  current: ResolvedBreakerOptions,
): ResolvedBreakerOptions {
  const check = new OptionChecker()
  const parsed = readOptions(check, path, options, current)
  if (parsed.leaseMs !== current.leaseMs) {
    check.problem(`${path}.leaseMs`, parsed.leaseMs, `${current.leaseMs}, it cannot change`)
  }
  check.finish()
  return deepFreeze(parsed)
}

function readOptions(
  check: OptionChecker,
  path: string,
  options: BreakerOptions,
  base: ResolvedBreakerOptions,
): ResolvedBreakerOptions {
  const given = check.object(path, options, Object.keys(DEFAULT_OPTIONS))
  const at = (key: keyof BreakerOptions): string => `${path}.${key}`
  return {
    window: readWindow(check, at('window'), given.window, base.window),
    failureRatio: check.numberOr(at('failureRatio'), given.failureRatio, base.failureRatio, {
      above: 0,
      to: 1,
      or: [false],
    }),
    minimumCalls: check.number(at('minimumCalls'), given.minimumCalls, base.minimumCalls, {
      from: 1,
      integer: true,
    }),
    consecutiveFailures: check.numberOr(
      at('consecutiveFailures'),
      given.consecutiveFailures,
      base.consecutiveFailures,
      { from: 1, integer: true, or: ['auto', false] },
    ),
    slowCall: readSlowCall(check, at('slowCall'), given.slowCall, base.slowCall),
    strategy: readStrategy(check, at('strategy'), given.strategy, base.strategy),
    open: readOpen(check, at('open'), given.open, base.open),
    probe: readProbe(check, at('probe'), given.probe, base.probe),
    recovery: readRecovery(check, at('recovery'), given.recovery, base.recovery),
    isFailure: readFunction(check, at('isFailure'), given.isFailure, base.isFailure),
    failOn: readFailOn(check, at('failOn'), given.failOn, base.failOn),
    timeoutMs:
      check.numberOr(at('timeoutMs'), given.timeoutMs, base.timeoutMs ?? false, { above: 0, or: [false] }) ||
      undefined,
    bulkhead: readBulkhead(check, at('bulkhead'), given.bulkhead, base.bulkhead),
    leaseMs: check.number(at('leaseMs'), given.leaseMs, base.leaseMs, { above: 0 }),
    mode: check.oneOf(at('mode'), given.mode, base.mode, ['enforce', 'observe', 'disabled']),
    fallback: readFallback(check, at('fallback'), given.fallback, base.fallback),
    group: readName(check, at('group'), given.group, base.group),
  }
}

function readStrategy(
  check: OptionChecker,
  path: string,
  given: BreakerOptions['strategy'],
  base: ResolvedBreakerOptions['strategy'],
): ResolvedBreakerOptions['strategy'] {
  if (given === undefined) return base
  if (typeof given === 'function' || typeof given?.record === 'function') return given
  check.problem(path, given, 'an object with a function `record`, or a function that makes one')
  return base
}

function readFunction<F>(check: OptionChecker, path: string, given: F | undefined, base: F): F {
  if (given === undefined) return base
  if (typeof given !== 'function') check.problem(path, given, 'a function')
  return given
}

function readName(
  check: OptionChecker,
  path: string,
  given: string | undefined,
  base: string | undefined,
): string | undefined {
  if (given === undefined) return base
  if (typeof given !== 'string' || given === '') check.problem(path, given, 'a name')
  return given
}

/** The groups of options are frozen; a strategy and a fallback are the user's own objects. */
function deepFreeze(options: ResolvedBreakerOptions): ResolvedBreakerOptions {
  const { window, slowCall, open, probe, recovery, failOn, bulkhead } = options
  for (const group of [window, slowCall, open, probe, recovery, failOn, bulkhead]) Object.freeze(group)
  return Object.freeze(options)
}
