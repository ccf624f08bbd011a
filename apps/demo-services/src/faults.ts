import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { setTimeout as delay } from 'node:timers/promises'

/** What a demo service does wrong, on purpose. Everything is off at the start. */
export interface Faults {
  /** Added to every answer, in ms, 0 to 60,000. */
  latencyMs: number
  /** Share of requests that get `status`, 0 to 1. */
  errorRatio: number
  /** The status of an injected error, 500 to 599. */
  status: number
  /** Never answer: the client must give up by itself. */
  hang: boolean
  /** Reset the connection instead of answering. */
  reset: boolean
}

const healthy: Readonly<Faults> = { latencyMs: 0, errorRatio: 0, status: 500, hang: false, reset: false }

const faultsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    latencyMs: { type: 'number', minimum: 0, maximum: 60_000 },
    errorRatio: { type: 'number', minimum: 0, maximum: 1 },
    status: { type: 'integer', minimum: 500, maximum: 599 },
    hang: { type: 'boolean' },
    reset: { type: 'boolean' },
  },
}

/**
 * Adds fault injection to a service: `GET /faults` reads it, `PUT /faults` with any of the fields of {@link Faults}
 * changes it while the service runs, `DELETE /faults` heals. Those three and `/health` are never hurt by it.
 */
export function injectFaults(app: FastifyInstance, random: () => number = Math.random): void {
  const faults: Faults = { ...healthy }

  app.addHook('onRequest', async (request, reply) => {
    const path = request.routeOptions.url
    if (path === '/faults' || path === '/health') return
    await misbehave(faults, random, request, reply)
  })
  app.get('/health', () => ({ status: 'ok' }))
  app.get('/faults', () => faults)
  app.put<{ Body: Partial<Faults> }>('/faults', { schema: { body: faultsSchema } }, (request) =>
    Object.assign(faults, request.body),
  )
  app.delete('/faults', () => Object.assign(faults, healthy))
}

async function misbehave(
  faults: Readonly<Faults>,
  random: () => number,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (faults.latencyMs > 0) await delay(faults.latencyMs, undefined, { signal: request.signal })
  if (faults.hang) {
    reply.hijack()
    return
  }
  if (faults.reset) {
    reply.hijack()
    request.raw.socket.resetAndDestroy()
    return
  }
  if (random() < faults.errorRatio) {
    await reply.code(faults.status).send({ error: 'injected fault', status: faults.status })
  }
}
