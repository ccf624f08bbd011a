import { BreakerRegistry, type RegistryOptions } from '@sluice/circuit-breaker'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { breakerStats, type BreakerStatsOptions } from '../src/index.ts'

export interface Gateway {
  readonly app: FastifyInstance
  readonly registry: BreakerRegistry
}

interface GatewayOptions {
  readonly registry?: BreakerRegistry
  readonly breakers?: RegistryOptions
  readonly server?: FastifyServerOptions
  /** Runs before breakerStats is registered. */
  readonly before?: (app: FastifyInstance) => void | Promise<void>
}

/** An app with the stats of its breakers. */
export async function gateway(
  t: { teardown(close: () => Promise<void>): void },
  options: BreakerStatsOptions,
  { breakers = {}, registry = new BreakerRegistry(breakers), server = {}, before }: GatewayOptions = {},
): Promise<Gateway> {
  const app = Fastify(server)
  t.teardown(() => app.close())
  app.decorate('circuitBreakers', registry)
  await before?.(app)
  await app.register(breakerStats, options)
  return { app, registry }
}

/** Fails a breaker's calls until it opens. */
export function trip(registry: BreakerRegistry, name: string): void {
  const breaker = registry.ensure(name)
  for (let call = 0; call < 100 && breaker.state === 'closed'; call++) {
    const permit = breaker.acquire()
    if (permit.admitted) permit.failure({ kind: 'status', detail: '503' })
  }
}

export function succeed(registry: BreakerRegistry, name: string, calls: number): void {
  for (let call = 0; call < calls; call++) {
    const permit = registry.ensure(name).acquire()
    if (permit.admitted) permit.success()
  }
}
