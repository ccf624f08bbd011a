import { LogController, type FastifyReply, type FastifyRequest } from 'fastify'

/** One lean line a request in place of Fastify's two: for every one, or only for those answered with 5xx. */
export class AccessLog extends LogController {
  readonly #from: number

  constructor(which: 'all' | 'errors' | 'off') {
    super({ disableRequestLogging: true })
    this.#from = { all: 0, errors: 500, off: Number.POSITIVE_INFINITY }[which]
  }

  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.statusCode < this.#from) return
    request.log.info(
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ip: request.ip,
        consumer: (request as { apiKey?: { consumer?: string } | null }).apiKey?.consumer,
        cache: reply.getHeader('x-cache'),
      },
      'request',
    )
  }
}
