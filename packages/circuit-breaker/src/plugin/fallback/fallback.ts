import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CacheFallback, FallbackCall, StaticFallback, UpstreamFallback } from '../../fallback.ts'

/**
 * Why a fallback is asked: the breaker refused, the time limit passed, the handler failed with an error that counts
 * as a failure, or it answered with a status that does.
 */
export type FallbackReason = 'rejection' | 'timeout' | 'error' | 'status'

/** What a fallback handler of a route learns about the request it answers. */
export interface RouteFallbackCall extends FallbackCall {
  readonly request: FastifyRequest
  /** For status and headers. The answer itself is returned, not sent. */
  readonly reply: FastifyReply
  readonly reason: FallbackReason
}

/** Returns what is to be sent (as a route handler would), or undefined for: nothing to offer. */
export type RouteFallbackHandler = (error: Error, call: RouteFallbackCall) => unknown

/** What clients get in place of a refusal or an error. */
export type RouteFallback = CacheFallback | StaticFallback | UpstreamFallback | RouteFallbackHandler

/** What a fallback came up with. Without `headers` the fallback wrote them to the reply itself. */
export interface FallbackAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  readonly payload: unknown
}

/** A fallback made ready at start-up. Undefined: it has nothing to offer, the original answer stands. */
export type FallbackSource = (
  error: Error,
  call: RouteFallbackCall,
) => FallbackAnswer | undefined | Promise<FallbackAnswer | undefined>
