import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

interface ProblemSource extends Partial<FastifyError> {
  readonly retryAfterMs?: number
  readonly problem?: Readonly<Record<string, unknown>>
}

/** Route-level error handler: RFC 9457 problem details for whatever a stats route throws. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, code, message, retryAfterMs, problem } = error as ProblemSource
  const status = statusCode !== undefined && statusCode >= 400 && statusCode < 600 ? statusCode : 500
  if (status === 500) request.log.error({ err: error }, 'circuit-breaker stats failed')
  if (retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  void reply
    .code(status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .send(
      // a Buffer: to text Fastify would add a charset, which this type does not have
      Buffer.from(
        JSON.stringify({
          type: 'about:blank',
          title: STATUS_CODES[status],
          status,
          detail: status === 500 ? 'internal error' : message,
          code: code ?? 'SLUICE_STATS_INTERNAL',
          ...problem,
        }),
      ),
    )
}
