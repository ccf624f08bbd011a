import type { CircuitBreaker } from '../breaker.ts'
import type { OptionChecker } from '../options/option-checker.ts'
import { retryAfterMs } from './retry-after.ts'

/** Whose `Retry-After` is taken for a pause: true for that of a 503, or a list of statuses. */
export type HonorRetryAfter = boolean | readonly number[]

const none: readonly number[] = []
const unavailable: readonly number[] = [503]

export function readHonorRetryAfter(
  check: OptionChecker,
  path: string,
  given: HonorRetryAfter = false,
): readonly number[] {
  if (typeof given === 'boolean') return given ? unavailable : none
  const isStatus = (one: unknown): boolean =>
    Number.isInteger(one) && Number(one) >= 300 && Number(one) <= 599
  if (Array.isArray(given) && given.every(isStatus)) return [...given]
  check.problem(path, given, 'true, false or an array of whole numbers from 300 to 599')
  return none
}

/** Pauses the breaker for as long as `Retry-After` says (RFC 9110 §10.2.3), if it can be read. */
export function pauseAsAsked(breaker: CircuitBreaker, retryAfter: string | string[] | undefined): void {
  const forMs = retryAfterMs(retryAfter, Date.now())
  if (forMs !== undefined) breaker.pause(forMs, 'Retry-After')
}
