import type { Outcome, ResolvedBreakerOptions } from '../circuit-breaker.ts'

/** What a status says about the origin, in the eyes of a breaker, or of nobody in particular. */
export function judgeStatus(options: ResolvedBreakerOptions | undefined, statusCode: number): Outcome {
  const own = options?.isFailure?.({ statusCode })
  if (own !== undefined) return own === 'ignored' ? own : own ? 'failure' : 'success'
  const listed = options?.failOn.status
  if (listed?.includes(statusCode) === true) return 'failure'
  // A limit of theirs (429) and what they never promised (501, 505) is no failure, and no sign of health either.
  if (statusCode === 429 || statusCode === 501 || statusCode === 505) return 'ignored'
  return statusCode >= 500 && listed === undefined ? 'failure' : 'success'
}

/** The same of an error of the connection. */
export function judgeError(options: ResolvedBreakerOptions | undefined, error: Error): Outcome {
  const own = options?.isFailure?.({ error })
  if (own !== undefined) return own === 'ignored' ? own : own ? 'failure' : 'success'
  return options?.failOn.network === false ? 'ignored' : 'failure'
}
