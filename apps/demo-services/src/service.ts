import fastify, { type FastifyInstance } from 'fastify'
import { injectFaults } from './faults.ts'

/** A bare demo service: quick to stop, quiet, and able to misbehave. */
export function createService(name: string): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: true })
  injectFaults(app)
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-served-by', name)
  })
  return app
}

/** 404 in the shape all demo services use. */
export function missing(what: string, id: string): Error & { statusCode: number } {
  return Object.assign(new Error(`no ${what} ${id}`), { statusCode: 404 })
}
