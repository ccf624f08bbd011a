import type { RejectReason } from './rejection.ts'
import type { BreakerState } from './circuit/state.ts'

/**
 * Base of the errors a breaker gives to callers. They are no bugs and may be many, so they have the prototype of errors
 * without having been made by `Error`, which takes most of a µs even where it keeps no stack.
 */
abstract class BreakerError implements Error {
  abstract readonly name: string
  abstract readonly code: string
  abstract readonly statusCode: number
  readonly message: string

  constructor(message: string) {
    this.message = message
  }

  get stack(): string {
    return `${this.name}: ${this.message}`
  }
}
Object.setPrototypeOf(BreakerError.prototype, Error.prototype)

/** The breaker refused the call. */
export class BreakerOpenError extends BreakerError {
  readonly name = 'BreakerOpenError'
  readonly code = 'SLUICE_BREAKER_OPEN'
  readonly statusCode = 503
  readonly breaker: string
  readonly state: BreakerState
  readonly reason: RejectReason
  /** When it may make sense to come back, in ms. */
  readonly retryAfterMs: number

  constructor(rejection: {
    readonly breaker: string
    readonly state: BreakerState
    readonly reason: RejectReason
    readonly retryAfterMs: number
  }) {
    super(`circuit breaker "${rejection.breaker}" refused the call (${rejection.reason})`)
    this.breaker = rejection.breaker
    this.state = rejection.state
    this.reason = rejection.reason
    this.retryAfterMs = rejection.retryAfterMs
  }
}

/** The call took longer than `timeoutMs` and was aborted. */
export class BreakerTimeoutError extends BreakerError {
  readonly name = 'BreakerTimeoutError'
  readonly code = 'SLUICE_BREAKER_TIMEOUT'
  readonly statusCode = 504
  readonly breaker: string
  readonly timeoutMs: number

  constructor(breaker: string, timeoutMs: number) {
    super(`call through circuit breaker "${breaker}" took longer than ${timeoutMs} ms`)
    this.breaker = breaker
    this.timeoutMs = timeoutMs
  }
}

/** There is no breaker of that name. */
export class UnknownBreakerError extends BreakerError {
  readonly name = 'UnknownBreakerError'
  readonly code = 'SLUICE_BREAKER_UNKNOWN'
  readonly statusCode = 404
  readonly breaker: string

  constructor(breaker: string) {
    super(`there is no circuit breaker "${breaker}"`)
    this.breaker = breaker
  }
}
