import type { FastifyInstance, FastifyPluginAsync, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { BreakerOpenError } from '../errors.ts'
import { type OptionProblem, OptionsError } from '../options/options-error.ts'
import type { Permit } from '../permit.ts'
import { BreakerRegistry, type RegistryOptions } from '../registry/registry.ts'
import type { FleetOptions } from '../redis/index.ts'
import { prepareFallback } from './fallback/prepare-fallback.ts'
import { gate } from './gate.ts'
import type { RouteBreaker } from './guard-options.ts'
import { type GuardedRoute, readRoute } from './guarded-route.ts'
import { handleError } from './handle-error.ts'
import { judgeAnswer } from './judge-answer.ts'
import { kGuard } from './request-state.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The breaker in front of this route: its name, options, or `false` for none (as without it). */
    circuitBreaker?: RouteBreaker
  }

  interface FastifyInstance {
    /** All breakers of this app. */
    circuitBreakers: BreakerRegistry
  }

  interface FastifyRequest {
    /**
     * The permit of this request, for handlers that know better than its status: `request.circuitBreaker?.failure()`.
     * Whoever settles it first wins. Null on routes without a breaker and with `permit: 'attempt'`.
     */
    circuitBreaker: Permit | null
  }

  interface FastifyReply {
    /** The refusal that this reply tells the client of; null on all others, those of a fallback included. */
    circuitBreakerRefusal: BreakerOpenError | null
  }
}

/** Options of the plugin: those of the registry that it makes. */
export interface CircuitBreakerOptions extends RegistryOptions {
  /** The fleet that this instance's breakers take part in. Default: none, and nothing of it is loaded. */
  fleet?: FleetOptions
}

/**
 * Puts a breaker in front of each route that asks for one by `config.circuitBreaker`, and decorates the instance with
 * `circuitBreakers`. To be registered before the routes. Start-up fails with an `OptionsError` that lists what is
 * wrong on all routes.
 */
export const circuitBreaker: FastifyPluginAsync<CircuitBreakerOptions> = fp(registerCircuitBreaker, {
  fastify: '5.x',
  name: '@sluice/circuit-breaker',
})

async function registerCircuitBreaker(app: FastifyInstance, options: CircuitBreakerOptions): Promise<void> {
  const registry = await createRegistry(app, options)
  const routes: GuardedRoute[] = []
  const problems: OptionProblem[] = []
  app.decorate('circuitBreakers', registry)
  app.decorateRequest(kGuard, null)
  app.decorateRequest('circuitBreaker', null)
  app.decorateReply('circuitBreakerRefusal', null)
  app.addHook('onRoute', (route) => {
    const given = route.config?.circuitBreaker
    if (given === undefined || given === false) return
    try {
      const guarded = readRoute(route, given, registry)
      routes.push(guarded)
      protect(route, guarded)
    } catch (error) {
      problems.push(...problemsIn(error))
    }
  })
  app.addHook('onReady', async () => {
    for (const route of routes) problems.push(...(await prepare(route, app)))
    try {
      registry.verify()
    } catch (error) {
      problems.push(...problemsIn(error))
    }
    if (problems.length > 0) throw new OptionsError(unique(problems))
  })
}

async function createRegistry(
  app: FastifyInstance,
  options: CircuitBreakerOptions,
): Promise<BreakerRegistry> {
  if (options.fleet === undefined) return new BreakerRegistry(options)
  const { createFleet } = await import('../redis/index.ts')
  const fleet = createFleet(options.fleet)
  fleet.listen((event) => {
    if (event.mode === 'shared')
      app.log.info({ fleet: event }, 'circuit breakers are in touch with their fleet')
    else app.log.warn({ fleet: event }, `circuit breakers are on their own: ${event.reason}`)
  })
  app.addHook('onReady', () => fleet.ready())
  app.addHook('onClose', () => fleet.close())
  try {
    return new BreakerRegistry(options, { coordinator: fleet })
  } catch (error) {
    fleet.close()
    throw error
  }
}

/**
 * Adds the hooks to the route itself: an instance's run before those of all routes, and the order in which plugins were
 * registered would be lost.
 */
function protect(target: RouteOptions, route: GuardedRoute): void {
  // After the route's own: who may not pass needs no permit.
  target.preHandler = [...[target.preHandler ?? []].flat(), gate(route)]
  // Before all others: what the handler sent is judged, not what was made of it since.
  if (route.isFollowed) target.onSend = [judgeAnswer(route), ...[target.onSend ?? []].flat()]
  target.errorHandler = handleError(route, target.errorHandler)
}

async function prepare(route: GuardedRoute, app: FastifyInstance): Promise<OptionProblem[]> {
  const { fallback, path } = route
  if (fallback === undefined) return []
  route.source = await prepareFallback(fallback, app)
  if (route.source !== undefined) return []
  const expected = 'a cache to answer from: register @sluice/response-cache before the routes'
  return [{ path: `${path}.fallback`, received: fallback, expected }]
}

function problemsIn(error: unknown): readonly OptionProblem[] {
  if (error instanceof OptionsError) return error.problems
  throw error
}

/** A route and its HEAD twin have the same problems. */
function unique(problems: readonly OptionProblem[]): OptionProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.expected}`, problem])).values()]
}
