import type { Verdict } from '../classify.ts'
import { ignored, judge } from '../http/judge.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'

/** What was wrong on this side of the connection: bad arguments, a body of another length, an agent that is closed. */
const ownFaults: ReadonlySet<unknown> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_INVALID_RETURN_VALUE',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

/** A caller that gives up is nobody's failure, except where its own time limit was what made it do so. */
export function judgeAttemptError(error: Error, aborted: boolean, options: ResolvedBreakerOptions): Verdict {
  const { code } = error as { code?: unknown }
  if (code === 'SLUICE_BREAKER_TIMEOUT' || error.name === 'TimeoutError') {
    return {
      outcome: 'failure',
      cause: { kind: 'timeout', detail: typeof code === 'string' ? code : error.name },
    }
  }
  if (aborted || ownFaults.has(code)) return ignored
  return judge({ error }, options)
}
