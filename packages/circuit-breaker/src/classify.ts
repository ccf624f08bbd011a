import type { Attempt, ResolvedBreakerOptions } from './options/options.ts'
import type { FailureCause, FailureKind, Outcome } from './outcome.ts'

/** What an attempt came to. The cause is there for failures. */
export interface Verdict {
  readonly outcome: Outcome
  readonly cause?: FailureCause
}

type ClassifyOptions = Pick<ResolvedBreakerOptions, 'isFailure' | 'failOn'>

/**
 * Judges an attempt: by `isFailure` where there is one, else an error by its kind and an answer by its status. A
 * breaker further down that refused is ignored in any case: it says nothing new. Who knows that the caller itself
 * gave up must not ask, but call `permit.ignore()`.
 */
export function classify(attempt: Attempt, { isFailure, failOn }: ClassifyOptions): Verdict {
  const { error } = attempt
  if (codeOf(error) === 'SLUICE_BREAKER_OPEN') return IGNORED
  const cause = causeOf(attempt)
  if (isFailure !== undefined) {
    const answer = isFailure(attempt)
    if (answer === 'ignored') return IGNORED
    return answer ? { outcome: 'failure', cause } : SUCCESS
  }
  switch (cause.kind) {
    case 'timeout':
      return { outcome: 'failure', cause }
    case 'network':
      return failOn.network ? { outcome: 'failure', cause } : IGNORED
    case 'status':
      return judgeStatus(Number(cause.detail), cause, failOn.status)
    case 'error':
      return error === undefined ? SUCCESS : { outcome: 'failure', cause }
  }
}

const SUCCESS: Verdict = { outcome: 'success' }
const IGNORED: Verdict = { outcome: 'ignored' }
/** 429 is about the caller, 501 and 505 are about what was asked: no sign of ill health. */
const NEUTRAL: ReadonlySet<number> = new Set([429, 501, 505])

function judgeStatus(status: number, cause: FailureCause, failures: readonly number[] | undefined): Verdict {
  const failed = failures === undefined ? status >= 500 && !NEUTRAL.has(status) : failures.includes(status)
  if (failed) return { outcome: 'failure', cause }
  return NEUTRAL.has(status) ? IGNORED : SUCCESS
}

/** What the attempt was about, should it be a failure: the kind of the error goes before a status it stands for. */
export function causeOf({ error, statusCode = statusOf(error) }: Attempt): FailureCause {
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined)
  const name = error instanceof Error ? error.name : undefined
  const kind = kindOf(name, code)
  if (kind === 'error' && statusCode !== undefined) return { kind: 'status', detail: String(statusCode) }
  const detail = code ?? name
  return detail === undefined ? { kind } : { kind, detail }
}

function kindOf(name: string | undefined, code: string | undefined): FailureKind {
  if (name === 'TimeoutError' || (code !== undefined && TIMEOUT.test(code))) return 'timeout'
  return code !== undefined && NETWORK.test(code) ? 'network' : 'error'
}

const TIMEOUT = /TIMEOUT|TIMEDOUT/
/** Codes of Node's sockets, resolver and TLS, of undici, and of an upstream's own errors. */
const NETWORK =
  /^(E(CONN|PIPE|NOTFOUND|AI_|HOST|NET|ADDR|PROTO)|UND_ERR_(SOCKET|CLOSED|DESTROYED)|SLUICE_UPSTREAM_|HPE_|ERR_(TLS|SSL|HTTP2)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Of errors that stand for an answer, such as those of http-errors. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}
