import type { ResolvedBreakerOptions } from '@sluice/circuit-breaker'

/** The options in force as JSON can say them: functions by name, a fallback by its kind (its body may be large, or private). */
export function configurationView(options: ResolvedBreakerOptions): Readonly<Record<string, unknown>> {
  const { strategy, isFailure, fallback, ...plain } = options
  return {
    ...plain,
    ...(strategy === undefined ? {} : { strategy: 'custom' }),
    ...(isFailure === undefined ? {} : { isFailure: 'custom' }),
    ...(fallback === undefined
      ? {}
      : { fallback: typeof fallback === 'function' ? 'handler' : fallback.type }),
  }
}
