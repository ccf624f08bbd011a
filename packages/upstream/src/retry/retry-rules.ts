import type { Dispatcher } from 'undici'
import { contextOf } from '../context.ts'
import { UpstreamError, type UpstreamErrorCode } from '../errors.ts'

/** Nothing of the request has left: it may be sent anew whatever its method. */
const UNSENT: ReadonlySet<UpstreamErrorCode> = new Set([
  'SLUICE_UPSTREAM_REFUSED',
  'SLUICE_UPSTREAM_DNS',
  'SLUICE_UPSTREAM_TLS',
  'SLUICE_UPSTREAM_CONNECT_TIMEOUT',
] as const)

/** The origin may have acted on it: for those that may be sent twice. */
const UNANSWERED: ReadonlySet<UpstreamErrorCode> = new Set([
  'SLUICE_UPSTREAM_RESET',
  'SLUICE_UPSTREAM_PROTOCOL',
  'SLUICE_UPSTREAM_HEADERS_TIMEOUT',
  'SLUICE_UPSTREAM_ATTEMPT_TIMEOUT',
] as const)

/** Whether a request may reach the upstream twice: by its context, else by its method. */
export function isIdempotent(options: Dispatcher.DispatchOptions, methods: ReadonlySet<string>): boolean {
  return contextOf(options).idempotent ?? methods.has(options.method)
}

/** Whether an attempt that failed in this way may be repeated. */
export function isRetryable(error: Error, idempotent: boolean): boolean {
  if (!(error instanceof UpstreamError)) return false
  return UNSENT.has(error.code) || (idempotent && UNANSWERED.has(error.code))
}
