import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What the parts of Sluice put on their errors, beside Fastify's own fields. */
interface SluiceError extends FastifyError {
  retryAfterMs?: number
  /** Further members of the problem. */
  problem?: Record<string, unknown>
}

const codes: Readonly<Record<number, string>> = {
  400: 'SLUICE_BAD_REQUEST',
  404: 'SLUICE_NOT_FOUND',
  405: 'SLUICE_METHOD_NOT_ALLOWED',
  408: 'SLUICE_REQUEST_TIMEOUT',
  413: 'SLUICE_BODY_TOO_LARGE',
  414: 'SLUICE_URI_TOO_LONG',
  415: 'SLUICE_MEDIA_TYPE',
  431: 'SLUICE_HEADERS_TOO_LARGE',
  503: 'SLUICE_UNAVAILABLE',
}

/** Renders every error and every unknown path as `application/problem+json` (RFC 9457) with a stable `code`. */
export function renderProblems(app: FastifyInstance): void {
  app.setErrorHandler<SluiceError>((error, request, reply) => {
    const status = statusOf(error)
    if (status >= 500 && !isOurs(error)) request.log.error({ err: error }, 'unexpected error')
    if (error.retryAfterMs !== undefined) {
      reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
    }
    return sendProblem(request, reply, {
      status,
      detail: status >= 500 && !isOurs(error) ? 'The gateway met an unexpected error.' : error.message,
      code: isOurs(error)
        ? error.code
        : (codes[status] ?? (status < 500 ? 'SLUICE_BAD_REQUEST' : 'SLUICE_INTERNAL')),
      ...error.problem,
    })
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, {
      status: 404,
      detail: 'No service has this path.',
      code: 'SLUICE_NOT_FOUND',
    }),
  )
}

interface Problem {
  status: number
  detail: string
  code: string
  [member: string]: unknown
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    ...problem,
    requestId: request.id,
  }
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(body))
}

function statusOf({ statusCode }: FastifyError): number {
  return statusCode !== undefined && statusCode >= 400 && statusCode <= 599 ? statusCode : 500
}

function isOurs({ code }: FastifyError): boolean {
  return typeof code === 'string' && code.startsWith('SLUICE_')
}

/** For what Node's parser refuses before there is a request: a 400 (408, 431), and the connection ends. */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail: 'The request is not valid HTTP.',
    code: codes[status],
  })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
