import { classify, type Verdict } from '../classify.ts'
import type { BreakerOpenError } from '../errors.ts'
import type { Attempt, ResolvedBreakerOptions } from '../options/options.ts'
import type { Permit } from '../permit.ts'

/** Nobody's doing. */
export const ignored: Verdict = { outcome: 'ignored' }

/** As `classify`; an `isFailure` that throws has said nothing, and must not break the answer that it was asked about. */
export function judge(attempt: Attempt, options: ResolvedBreakerOptions): Verdict {
  try {
    return classify(attempt, options)
  } catch {
    return ignored
  }
}

/**
 * Judges an error that would be answered with `statusCode`. Clients and proxies wrap what happened on the wire
 * (`fetch failed`, an error with a status of its own): where the root is such a thing, it says more than the wrapper.
 */
export function judgeError(error: unknown, statusCode: number, options: ResolvedBreakerOptions): Verdict {
  const root = causes(error).at(-1)
  if (options.isFailure === undefined && root !== undefined && !('statusCode' in root)) {
    const verdict = judge({ error: root }, options)
    if (verdict.cause?.kind !== 'error') return verdict
  }
  return judge({ error, statusCode }, options)
}

export function settle(permit: Permit, { outcome, cause }: Verdict): void {
  if (outcome === 'success') permit.success()
  else if (outcome === 'failure') permit.failure(cause)
  else permit.ignore()
}

/** A refusal by a breaker, also where a client or proxy has wrapped it. */
export function refusalIn(error: unknown): BreakerOpenError | undefined {
  const refusal = causes(error).find((cause) => (cause as { code?: unknown }).code === 'SLUICE_BREAKER_OPEN')
  return refusal as BreakerOpenError | undefined
}

/** An error and what caused it, outermost first; not deeper than any real chain, in case one loops. */
function causes(error: unknown): Error[] {
  const chain: Error[] = []
  for (let cause = error; cause instanceof Error && chain.length < 8; cause = cause.cause) chain.push(cause)
  return chain
}
