import type { Dispatcher } from 'undici'
import type { CircuitBreaker } from '../breaker.ts'
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
}

/**
 * An undici interceptor that takes one permit per attempt and settles it once.
 *
 * A refused attempt ends with a `BreakerOpenError` through the handler's `onResponseError`; no response is made up.
 * Compose `interceptors.retry()` after it (`agent.compose(circuitBreakerInterceptor(breaker), interceptors.retry())`)
 * and the breaker sees each attempt.
 *
 * @throws {RangeError} when `timeoutMs` is not a number above 0.
 */
export function circuitBreakerInterceptor(
  breaker: CircuitBreaker | AttemptBreaker,
  options: InterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const { timeoutMs, countBody = true } = options
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new RangeError(`timeoutMs: expected a number above 0, got ${String(timeoutMs)}`)
  }
  const breakerOf: AttemptBreaker = typeof breaker === 'function' ? breaker : () => breaker
  return (dispatch) => (request, handler) => {
    const chosen = breakerOf(request)
    if (chosen === undefined) return dispatch(request, handler)
    const permit = chosen.acquire()
    if (!permit.admitted) return refuse(handler, permit.toError())
    const attempt = new AttemptHandler({ breaker: chosen, permit, request, handler, countBody })
    attempt.startTimer(timeoutMs ?? permit.timeoutMs)
    try {
      return dispatch(request, attempt)
    } catch (error) {
      attempt.abandon()
      throw error
    }
  }
}
