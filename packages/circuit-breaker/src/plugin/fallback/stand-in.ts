import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CircuitBreaker } from '../../breaker.ts'
import type { GuardedRoute } from '../guarded-route.ts'
import { dropHeaders } from '../header-names.ts'
import type { RouteGuard } from '../route-guard.ts'
import type { FallbackAnswer, FallbackReason } from './fallback.ts'

/** What an answer stands in for. */
export interface Missing {
  readonly breaker: CircuitBreaker
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly reason: FallbackReason
  readonly error: Error
  /** Names of the headers that the reply had before the handler. */
  readonly headersBefore: readonly string[]
}

/**
 * Asks the route's fallback and writes status and headers of its answer to the reply; what is to be sent is returned.
 * Undefined when it has nothing to offer or fails: the reply is then as it was before, and the original answer stands.
 */
export async function standIn(route: GuardedRoute, what: Missing): Promise<{ payload: unknown } | undefined> {
  const { breaker, request, reply, reason, error, headersBefore } = what
  const original = { status: reply.statusCode, headers: Object.entries(reply.getHeaders()) }
  try {
    // The handler's headers describe the handler's answer; a fallback handler writes its own as it runs.
    dropHeaders(reply, headersBefore)
    reply.code(200)
    const answer = await route.source?.(error, { breaker: breaker.name, request, reply, reason })
    if (answer !== undefined) {
      write(reply, answer)
      breaker.reportFallback(error)
      return { payload: answer.payload }
    }
  } catch (fallbackError) {
    breaker.reportFallback(error, { fallbackError })
  }
  dropHeaders(reply, headersBefore)
  reply.code(original.status)
  for (const [name, value] of original.headers) if (!headersBefore.includes(name)) reply.header(name, value)
  return undefined
}

function write(reply: FastifyReply, { status, headers = {} }: FallbackAnswer): void {
  reply.code(status)
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.header(name, value)
  // What stands in must not be taken for the real answer by a cache on the way.
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
}

/** The answer that a guarded request misses. */
export function missing(
  { breaker, request, reply, headersBefore }: RouteGuard,
  reason: FallbackReason,
  error: Error,
): Missing {
  return { breaker, request, reply, headersBefore, reason, error }
}
