import type { FastifyRequest } from 'fastify'
import type { Fallback } from '../fallback.ts'
import { type HonorRetryAfter, readHonorRetryAfter } from '../http/honor-retry-after.ts'
import type { OptionChecker } from '../options/option-checker.ts'
import type { BreakerOptions } from '../options/options.ts'
import { readFallback } from '../options/read-fallback.ts'
import type { FallbackReason, RouteFallback } from './fallback/fallback.ts'

/** `config.circuitBreaker` of a route, written out: options of the breaker and of the guard in front of the handler. */
export interface RouteBreakerOptions extends Omit<BreakerOptions, 'fallback'> {
  /** Routes of one name share a breaker, and so must agree on its options. Default: method and URL of the route. */
  name?: string
  /**
   * What has a breaker of its own: `upstream`, all routes of the name together; `route`, each of them, called
   * `<name>:<method and URL>`; or each key of a request, e.g. a tenant, `<name>:<key>`. Default `upstream`.
   */
  key?: BreakerKey
  /** Breakers by key at most, 1 or more; one that is not closed is never given up for another. Default 10 000. */
  maxKeys?: number
  /**
   * Longest time until the answer begins, above 0 ms; `false`: no limit of the route's own. Then the client gets a
   * 504, `request.signal` aborts, and what the handler sends later is thrown away. Default: that of the breaker.
   */
  timeoutMs?: number | false
  /** What clients get instead of an error. Default: that of the breaker, or none. */
  fallback?: RouteFallback
  /**
   * When the fallback is asked. `error`: the handler failed with an error that counts as a failure; `status`: it
   * answered with a status that does, and the answer is replaced. Default `['rejection', 'timeout', 'error']`.
   */
  fallbackOn?: readonly FallbackReason[]
  /**
   * `route`: the request takes a permit. `attempt`: the handler's dispatcher takes one per attempt from the same
   * breaker, and the route only refuses while that is open. Default `route`.
   */
  permit?: 'route' | 'attempt'
  /** Whether an answer succeeds at the end of its body, or already at its headers. Default true. */
  countBody?: boolean
  /**
   * Whether an answer with `Retry-After` pauses the breaker for so long, at most `open.maxMs`: true for a 503, or a list
   * of statuses, 300 to 599. List 429 only where all requests of the breaker share the limit. Default false.
   */
  honorRetryAfter?: HonorRetryAfter
}

/** `upstream`, `route`, or the key of a request. */
export type BreakerKey = 'upstream' | 'route' | ((request: FastifyRequest) => string)

/** The name of a breaker, options, or `false` for none. */
export type RouteBreaker = string | RouteBreakerOptions | false

export interface GuardOptions {
  readonly key: BreakerKey
  readonly maxKeys: number
  readonly timeoutMs: number | undefined
  readonly fallback: RouteFallback | undefined
  readonly fallbackOn: ReadonlySet<FallbackReason>
  readonly permit: 'route' | 'attempt'
  readonly countBody: boolean
  /** Statuses whose `Retry-After` pauses the breaker. */
  readonly honored: readonly number[]
}

const reasons: readonly FallbackReason[] = ['rejection', 'timeout', 'error', 'status']

/** Reads what concerns the guard. */
export function readGuardOptions(
  check: OptionChecker,
  path: string,
  given: RouteBreakerOptions,
): GuardOptions {
  const {
    key = 'upstream',
    fallback,
    fallbackOn = ['rejection', 'timeout', 'error'],
    countBody = true,
  } = given
  if (typeof key !== 'function') check.oneOf(`${path}.key`, key, 'upstream', ['upstream', 'route'])
  if (!Array.isArray(fallbackOn) || !fallbackOn.every((reason) => reasons.includes(reason))) {
    check.problem(`${path}.fallbackOn`, fallbackOn, `a list of ${reasons.join(', ')}`)
  }
  if (typeof countBody !== 'boolean') check.problem(`${path}.countBody`, countBody, 'true or false')
  const timeoutMs = check.numberOr(`${path}.timeoutMs`, given.timeoutMs, false, { above: 0, or: [false] })
  return Object.freeze({
    key,
    maxKeys: check.number(`${path}.maxKeys`, given.maxKeys, 10_000, { from: 1, integer: true }),
    timeoutMs: timeoutMs === false ? undefined : timeoutMs,
    fallback: readFallback(check, `${path}.fallback`, fallback as Fallback | undefined, undefined),
    fallbackOn: new Set(Array.isArray(fallbackOn) ? fallbackOn : []),
    permit: check.oneOf(`${path}.permit`, given.permit, 'route', ['route', 'attempt']),
    countBody,
    honored: readHonorRetryAfter(check, `${path}.honorRetryAfter`, given.honorRetryAfter),
  })
}

/** What concerns the breaker; undefined when there is nothing, so that its name alone decides. */
export function breakerOptionsOf(given: RouteBreakerOptions): BreakerOptions | undefined {
  const own = Object.entries(given).filter(([option]) => !guardOptions.has(option))
  return own.length === 0 ? undefined : Object.fromEntries(own)
}

const guardOptions: ReadonlySet<string> = new Set<keyof RouteBreakerOptions>([
  'name',
  'key',
  'maxKeys',
  'timeoutMs',
  'fallback',
  'fallbackOn',
  'permit',
  'countBody',
  'honorRetryAfter',
])
