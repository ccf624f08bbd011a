import type { CircuitBreaker } from '../breaker.ts'
import type { FailureCause } from '../outcome.ts'

/** Lets `times` calls succeed. Throws `BreakerOpenError` when one is refused. */
export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let call = 0; call < times; call += 1) {
    const answer = breaker.acquire()
    if (!answer.admitted) throw answer.toError()
    answer.success()
  }
}

/** Lets `times` calls fail. Throws `BreakerOpenError` when one is refused. */
export function fail(breaker: CircuitBreaker, times = 1, cause?: FailureCause): void {
  for (let call = 0; call < times; call += 1) {
    const answer = breaker.acquire()
    if (!answer.admitted) throw answer.toError()
    answer.failure(cause)
  }
}

/** Lets calls fail until the breaker opens; at most 10 000, then throws `RangeError`: its rules never trip. */
export function trip(breaker: CircuitBreaker): void {
  for (let call = 0; call < 10_000; call += 1) {
    if (breaker.state === 'open') return
    fail(breaker)
  }
  throw new RangeError(`breaker "${breaker.name}" does not open on failures`)
}
