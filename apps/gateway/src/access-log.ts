import type { FastifyInstance } from 'fastify'

/** One lean line a request: every one, or only those answered with 5xx. */
export function logAccess(app: FastifyInstance, which: 'all' | 'errors' | 'off'): void {
  if (which === 'off') return
  app.addHook('onResponse', (request, reply, done) => {
    if (which === 'all' || reply.statusCode >= 500) {
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
    done()
  })
}
