import type { FastifyRequest, RouteOptions } from 'fastify'
import type { CircuitBreaker } from '../breaker.ts'
import { OptionChecker } from '../options/option-checker.ts'
import { OptionsError } from '../options/options-error.ts'
import type { BreakerOptions } from '../options/options.ts'
import type { BreakerRegistry } from '../registry/registry.ts'
import type { FallbackReason, FallbackSource, RouteFallback } from './fallback/fallback.ts'
import {
  breakerOptionsOf,
  type GuardOptions,
  readGuardOptions,
  type RouteBreakerOptions,
} from './guard-options.ts'

/** A route under a breaker. */
export interface GuardedRoute {
  /** Where its options were written, for error messages. */
  readonly path: string
  readonly options: GuardOptions
  /** What clients get instead of an error: the route's own, or its breaker's. */
  readonly fallback: RouteFallback | undefined
  /** The fallback, made ready before the first request. */
  source: FallbackSource | undefined
  /** Whether there is anything to do after the gate: a permit to settle, the time to keep, a fallback, a status to heed. */
  readonly isFollowed: boolean
  breakerOf(request: FastifyRequest): CircuitBreaker
}

/** Reads `config.circuitBreaker` of a route and makes its breaker. Throws `OptionsError` with all that is wrong. */
export function readRoute(route: RouteOptions, given: unknown, registry: BreakerRegistry): GuardedRoute {
  const own = nameOf(route)
  const path = `${own} config.circuitBreaker`
  const check = new OptionChecker()
  const written: RouteBreakerOptions = typeof given === 'string' ? { name: given } : (given as object)
  if (typeof written !== 'object' || written === null) check.problem(path, given, 'a name, options or false')
  const { name = own } = written ?? {}
  if (typeof name !== 'string' || name === '') check.problem(`${path}.name`, name, 'a name')
  check.finish()
  const options = readGuardOptions(check, path, written)
  const breaker = ensure(check, path, registry, name, breakerOptionsOf(written))
  check.finish()
  const fallback = options.fallback ?? breaker.options.fallback
  const { permit, timeoutMs, honored } = options
  return {
    path,
    options,
    fallback,
    source: undefined,
    isFollowed: permit === 'route' || timeoutMs !== undefined || fallback !== undefined || honored.length > 0,
    breakerOf: chooser(options, registry, breaker, own),
  }
}

function chooser(
  { key, maxKeys }: GuardOptions,
  registry: BreakerRegistry,
  breaker: CircuitBreaker,
  route: string,
): GuardedRoute['breakerOf'] {
  // A breaker that has its name from the route is the route's own anyway.
  if (key === 'upstream' || (key === 'route' && breaker.name === route)) return () => breaker
  const keyed = registry.keyed(breaker.name, undefined, { max: maxKeys })
  return key === 'route' ? () => keyed.get(route) : (request) => keyed.get(key(request))
}

export function fallsBackOn(route: GuardedRoute, reason: FallbackReason): boolean {
  return route.source !== undefined && route.options.fallbackOn.has(reason)
}

/** The HEAD route that Fastify makes of a GET route shares its breaker. */
function nameOf({ method, url }: RouteOptions): string {
  const methods = [method].flat().map((one) => (one === 'HEAD' ? 'GET' : one))
  return `${[...new Set(methods)].join(',')} ${url}`
}

/** The breaker of that name; what is wrong with its options is wrong on this route. */
function ensure(
  check: OptionChecker,
  path: string,
  registry: BreakerRegistry,
  name: string,
  options: BreakerOptions | undefined,
): CircuitBreaker {
  try {
    return registry.ensure(name, options)
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error
    for (const problem of error.problems) {
      check.problem(problem.path.replace(`breakers.${name}`, path), problem.received, problem.expected)
    }
    check.finish()
    throw error
  }
}
