import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

const wellFormed = /^[\w.:-]{1,128}$/

/** The client's `x-request-id` (or `x-correlation-id`) if it is short and plain, else a new UUID. */
export function requestId({ headers }: IncomingMessage | Http2ServerRequest): string {
  const given = headers['x-request-id'] ?? headers['x-correlation-id']
  return typeof given === 'string' && wellFormed.test(given) ? given : randomUUID()
}

/** Tells the client which id its request has. */
export function returnRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
}
