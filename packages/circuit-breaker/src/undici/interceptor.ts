import type { Dispatcher } from 'undici'
import type { CircuitBreaker } from '../breaker.ts'
import { type HonorRetryAfter, readHonorRetryAfter } from '../http/honor-retry-after.ts'
import { OptionChecker } from '../options/option-checker.ts'
import { KeyedBreakers } from '../registry/keyed-breakers.ts'
import { AttemptHandler } from './attempt-handler.ts'
import { refuse } from './refuse.ts'

/** The breaker of one attempt; undefined: this attempt is not guarded. */
export type AttemptBreaker = (options: Dispatcher.DispatchOptions) => CircuitBreaker | undefined

export interface InterceptorOptions {
  /**
   * Longest time an attempt may take until its response headers, above 0 ms, counted from the moment it is
   * dispatched (so with queueing and connecting). The attempt is aborted with a `BreakerTimeoutError` and counts as
   * a timeout. Default: the breaker's `timeoutMs` (for a probe `probe.timeoutMs`), or no limit.
   */
  timeoutMs?: number
  /**
   * Whether an attempt succeeds at the end of its body, or already at its headers. Answers that have no end of
   * their own (`text/event-stream` and the like) always count at their headers. Default true.
   */
  countBody?: boolean
  /**
   * Whether an answer with `Retry-After` pauses its breaker for so long, at most `open.maxMs`: true for a 503, or a list
   * of statuses, 300 to 599. List 429 only where all calls of the breaker share the limit. Default false.
   */
  honorRetryAfter?: HonorRetryAfter
}

/**
 * An undici interceptor that takes one permit per attempt and settles it once.
 *
 * A refused attempt ends with a `BreakerOpenError` through the handler's `onResponseError`; no response is made up.
 * Compose `interceptors.retry()` after it (`agent.compose(circuitBreakerInterceptor(breaker), interceptors.retry())`)
 * and the breaker sees each attempt.
 *
 * @param breaker One breaker, a function that chooses it, or breakers by key: then each origin has its own.
 * @throws {OptionsError} for bad options.
 */
export function circuitBreakerInterceptor(
  breaker: CircuitBreaker | KeyedBreakers | AttemptBreaker,
  options: InterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const { timeoutMs, countBody, honored } = readOptions(options)
  const breakerOf = attemptBreaker(breaker)
  return (dispatch) => (request, handler) => {
    const chosen = breakerOf(request)
    if (chosen === undefined) return dispatch(request, handler)
    const permit = chosen.acquire()
    if (!permit.admitted) return refuse(handler, permit.toError())
    const attempt = new AttemptHandler({ breaker: chosen, permit, request, handler, countBody, honored })
    attempt.startTimer(timeoutMs ?? permit.timeoutMs)
    try {
      return dispatch(request, attempt)
    } catch (error) {
      attempt.abandon()
      throw error
    }
  }
}

function readOptions({ timeoutMs, countBody = true, honorRetryAfter }: InterceptorOptions): {
  timeoutMs: number | undefined
  countBody: boolean
  honored: readonly number[]
} {
  const check = new OptionChecker()
  if (timeoutMs !== undefined) check.number('timeoutMs', timeoutMs, 0, { above: 0 })
  if (typeof countBody !== 'boolean') check.problem('countBody', countBody, 'true or false')
  const honored = readHonorRetryAfter(check, 'honorRetryAfter', honorRetryAfter)
  check.finish()
  return { timeoutMs, countBody, honored }
}

function attemptBreaker(breaker: CircuitBreaker | KeyedBreakers | AttemptBreaker): AttemptBreaker {
  if (typeof breaker === 'function') return breaker
  if (breaker instanceof KeyedBreakers) return ({ origin }) => breaker.get(String(origin))
  return () => breaker
}
