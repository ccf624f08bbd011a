import type { RouteGuard } from './route-guard.ts'

/** Where a request keeps its guard. */
export const kGuard: unique symbol = Symbol('sluice.circuitBreaker.guard')

declare module 'fastify' {
  interface FastifyRequest {
    [kGuard]: RouteGuard | null
  }
}

/**
 * `request.signal` of a guarded route. Fastify's own aborts when the request body has been read to its end on Node 20,
 * and knows nothing of the time limit.
 */
export const signalProperty: PropertyDescriptor & ThisType<{ [kGuard]: RouteGuard }> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[kGuard].signal
  },
}
