import { createCircuitBreaker, type BreakerOptions, type CircuitBreaker } from '@sluice/circuit-breaker'
import type { ResolvedDeps } from './deps.ts'
import type { ResolvedUpstreamOptions } from './options/options.ts'

/** The breaker that each attempt passes: the caller's, the registry's or one of its own. */
export function upstreamBreaker(
  { name, breaker, registry }: ResolvedUpstreamOptions,
  deps: ResolvedDeps,
): CircuitBreaker | undefined {
  if (breaker === false) return undefined
  if (isBreaker(breaker)) return breaker
  return registry?.ensure(name, breaker) ?? createCircuitBreaker({ name, ...breaker }, deps)
}

/** Told by what it can do, so that a breaker of another copy of the package will do. */
export function isBreaker(value: CircuitBreaker | BreakerOptions | undefined): value is CircuitBreaker {
  return value !== undefined && 'acquire' in value
}
