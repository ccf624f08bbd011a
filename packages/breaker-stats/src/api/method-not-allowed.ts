import type { FastifyInstance, HTTPMethods } from 'fastify'
import { unguarded } from '../access/guard.ts'
import { MethodNotAllowedError } from '../errors.ts'
import { sendProblem } from '../problem.ts'

/** OPTIONS is left to CORS plugins. */
const methods: HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Answers 405 with `Allow` to every method at this address but the one that has a route. */
export function allowOnly(app: FastifyInstance, method: 'GET' | 'POST', url: string): void {
  const allow = method === 'GET' ? 'GET, HEAD' : method
  app.route({
    method: methods.filter((other) => other !== method),
    url,
    exposeHeadRoute: false,
    config: unguarded.config,
    errorHandler: sendProblem,
    onRequest: async (request, reply) => {
      void reply.header('allow', allow)
      throw new MethodNotAllowedError(request.method, allow)
    },
    handler: async () => undefined,
  })
}
