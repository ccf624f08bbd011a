import type { FastifyInstance } from 'fastify'

export interface HealthOptions {
  /** What `/readyz` reports beside the gateway itself. A part that is down degrades the gateway; it does not unready it. */
  parts: () => Record<string, 'up' | 'down'>
}

/**
 * `GET /livez`: 200 while the process can answer. `GET /readyz`: 200 while new requests are welcome, 503 from the
 * moment a stop was asked for, so that a load balancer looks elsewhere before connections are refused.
 */
export function addHealth(app: FastifyInstance, { parts }: HealthOptions): { drain(): void } {
  let draining = false
  const config = { apiKey: false, rateLimits: false } as const
  app.get('/livez', { config, logLevel: 'silent' }, (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  )
  app.get('/readyz', { config, logLevel: 'silent' }, (_request, reply) =>
    reply
      .code(draining ? 503 : 200)
      .header('cache-control', 'no-store')
      .send({ status: draining ? 'draining' : 'ready', parts: parts() }),
  )
  return {
    drain: () => {
      draining = true
    },
  }
}
