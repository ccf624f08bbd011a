import type { FastifyReply } from 'fastify'
import type { BreakerOpenError, BreakerTimeoutError } from '../errors.ts'

/** RFC 9457. A Buffer, because Fastify adds a charset to JSON that it gets as text, which the type does not have. */
function send(reply: FastifyReply, problem: { readonly status: number }): void {
  reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)))
}

/** 503 with `Retry-After` (RFC 9110 §10.2.3), in whole seconds, rounded up: earlier would be in vain. */
export function sendRejection(reply: FastifyReply, error: BreakerOpenError): void {
  const retryAfter = Math.max(1, Math.ceil(error.retryAfterMs / 1000))
  const message = `Service ${error.breaker} is temporarily unavailable`
  reply.circuitBreakerRefusal = error
  reply.header('retry-after', String(retryAfter))
  send(reply, {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: `${message}: the circuit breaker refused the request (${error.reason})`,
    code: error.code,
    error: 'Service Unavailable',
    message,
    circuitBreaker: error.breaker,
    circuitBreakerState: error.state.toUpperCase().replace('-', '_'),
    retryAfter,
  } as { status: number })
}

/** 504: the answer did not begin in time. */
export function sendTimeout(reply: FastifyReply, error: BreakerTimeoutError): void {
  const message = `Service ${error.breaker} did not answer within ${error.timeoutMs} ms`
  send(reply, {
    type: 'about:blank',
    title: 'Gateway Timeout',
    status: 504,
    detail: message,
    code: error.code,
    error: 'Gateway Timeout',
    message,
    circuitBreaker: error.breaker,
  } as { status: number })
}
