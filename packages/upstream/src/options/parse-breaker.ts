import { createCircuitBreaker, OptionsError, type BreakerOptions } from '@sluice/circuit-breaker'
import { isBreaker } from '../breaker.ts'
import type { Checker } from './checker.ts'
import type { ResolvedUpstreamOptions, UpstreamOptions } from './options.ts'

export function parseBreaker(
  check: Checker,
  value: UpstreamOptions['breaker'],
): ResolvedUpstreamOptions['breaker'] {
  if (value === undefined || value === false) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    check.reject('breaker', value, 'a circuit breaker, its options, or false')
    return false
  }
  if (!isBreaker(value)) checkBreakerOptions(check, 'breaker', value)
  return value
}

/** Lets the breaker judge its own options: one is made, and forgotten. */
export function checkBreakerOptions(check: Checker, path: string, options: BreakerOptions): void {
  try {
    createCircuitBreaker({ ...options, name: path })
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    for (const problem of error.problems) check.reject(problem.path, problem.received, problem.expected)
  }
}
