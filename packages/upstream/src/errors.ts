/** What can go wrong between the gateway and an upstream. */
export type UpstreamErrorCode =
  | 'SLUICE_UPSTREAM_REFUSED'
  | 'SLUICE_UPSTREAM_DNS'
  | 'SLUICE_UPSTREAM_RESET'
  | 'SLUICE_UPSTREAM_TLS'
  | 'SLUICE_UPSTREAM_PROTOCOL'
  | 'SLUICE_UPSTREAM_CONNECT_TIMEOUT'
  | 'SLUICE_UPSTREAM_HEADERS_TIMEOUT'
  | 'SLUICE_UPSTREAM_BODY_TIMEOUT'
  | 'SLUICE_UPSTREAM_ATTEMPT_TIMEOUT'
  | 'SLUICE_UPSTREAM_TOTAL_TIMEOUT'
  | 'SLUICE_UPSTREAM_UNAVAILABLE'

/** Codes of {@link UpstreamTimeoutError}. */
export type UpstreamTimeoutCode = Extract<UpstreamErrorCode, `${string}_TIMEOUT`>

const FAULTS: Readonly<Record<UpstreamErrorCode, { statusCode: 502 | 503 | 504; text: string }>> = {
  SLUICE_UPSTREAM_REFUSED: { statusCode: 502, text: 'refused the connection' },
  SLUICE_UPSTREAM_DNS: { statusCode: 502, text: 'has a name that could not be resolved' },
  SLUICE_UPSTREAM_RESET: { statusCode: 502, text: 'closed the connection before the answer was complete' },
  SLUICE_UPSTREAM_TLS: { statusCode: 502, text: 'failed the TLS handshake' },
  SLUICE_UPSTREAM_PROTOCOL: { statusCode: 502, text: 'did not answer in valid HTTP' },
  SLUICE_UPSTREAM_CONNECT_TIMEOUT: { statusCode: 504, text: 'gave no connection in time' },
  SLUICE_UPSTREAM_HEADERS_TIMEOUT: { statusCode: 504, text: 'sent no response headers in time' },
  SLUICE_UPSTREAM_BODY_TIMEOUT: { statusCode: 504, text: 'stopped in the middle of the response body' },
  SLUICE_UPSTREAM_ATTEMPT_TIMEOUT: { statusCode: 504, text: 'took longer than its circuit breaker allows' },
  SLUICE_UPSTREAM_TOTAL_TIMEOUT: { statusCode: 504, text: 'did not finish within the total deadline' },
  SLUICE_UPSTREAM_UNAVAILABLE: { statusCode: 503, text: 'has no origin that takes requests' },
}

/**
 * A request that an upstream did not answer. `message` names the upstream and never an address, so that it may be
 * shown to a client; `origin` and `cause` are for the log.
 */
export class UpstreamError extends Error {
  override readonly name: string = 'UpstreamError'
  readonly code: UpstreamErrorCode
  readonly statusCode: 502 | 503 | 504
  readonly upstream: string
  readonly origin: string | undefined

  constructor(code: UpstreamErrorCode, upstream: string, origin?: string, cause?: unknown) {
    // An outage makes thousands of these a second, and a stack would say only where this file is.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(`upstream ${upstream} ${FAULTS[code].text}`, cause === undefined ? undefined : { cause })
    Error.stackTraceLimit = limit
    this.code = code
    this.statusCode = FAULTS[code].statusCode
    this.upstream = upstream
    this.origin = origin
  }
}

/** An {@link UpstreamError} with status 504: one of the deadlines has passed. */
export class UpstreamTimeoutError extends UpstreamError {
  override readonly name = 'UpstreamTimeoutError'
  declare readonly code: UpstreamTimeoutCode
  declare readonly statusCode: 504
}

/** One rejected option. */
export interface OptionProblem {
  /** Where it is, such as `retry.budget.ratio`. */
  readonly path: string
  readonly received: unknown
  /** What would have been right, with range and unit. */
  readonly expected: string
}

/** Thrown by `createUpstream` and `setOrigins`: all problems at once. */
export class UpstreamOptionsError extends Error {
  override readonly name = 'UpstreamOptionsError'
  readonly code = 'SLUICE_UPSTREAM_OPTIONS'
  readonly statusCode = 500
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(`invalid upstream options:\n${problems.map(line).join('\n')}`)
    this.problems = problems
  }
}

function line({ path, received, expected }: OptionProblem): string {
  return `  ${path}: expected ${expected}, received ${show(received)}`
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return 'an object'
  return JSON.stringify(value) ?? String(value)
}
