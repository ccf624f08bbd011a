import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CircuitBreaker } from '@sluice/circuit-breaker'
import type { Guards } from '../access/guard.ts'
import { NoFleetError, UnknownBreakerError } from '../errors.ts'
import { sendProblem } from '../problem.ts'
import { control } from './audited-control.ts'
import { breakerView } from './breaker-view.ts'
import { controlActions } from './control.ts'
import { fleetView } from './fleet-view.ts'
import { allowOnly } from './method-not-allowed.ts'
import { overview } from './overview.ts'
import { serviceHealth } from './service-health.ts'

interface Named {
  Params: { name: string }
}

/** `GET <path>`, `GET <path>/:name`, `GET <path>/:name/fleet` and `POST <path>/:name/{reset,open,close,disable}`. */
export function registerStatsRoutes(
  app: FastifyInstance,
  path: string,
  guards: Guards,
  instance: string,
): void {
  const read = { ...guards.read, errorHandler: sendProblem }
  const act = { ...guards.write, errorHandler: sendProblem }

  app.get(path, { ...read, handler: async () => overview(app, instance) })
  allowOnly(app, 'GET', path)

  const one = `${path}/:name`
  app.get<Named>(one, {
    ...read,
    handler: async (request) => breakerView(breakerOf(app, request).snapshot()),
  })
  allowOnly(app, 'GET', one)

  const instances = `${one}/fleet`
  app.get<Named>(instances, {
    ...read,
    handler: async (request) => {
      const breaker = breakerOf(app, request)
      const { fleet } = app.circuitBreakers
      const status = breaker.snapshot().fleet
      if (fleet === undefined || status === undefined) throw new NoFleetError(breaker.name)
      return fleetView(breaker, fleet, status)
    },
  })
  allowOnly(app, 'GET', instances)

  for (const action of controlActions) {
    const url = `${one}/${action}`
    app.post<Named>(url, {
      ...act,
      handler: async (request) => {
        const breaker = breakerOf(app, request)
        control(breaker, action, request)
        return breakerView(breaker.snapshot())
      },
    })
    allowOnly(app, 'POST', url)
  }
}

/** `GET <path>` and `POST <path>/:name/reset` in the words of FastAPI gateways that have this address. */
export function registerHealthRoutes(app: FastifyInstance, path: string, guards: Guards): void {
  app.get(path, {
    ...guards.read,
    errorHandler: sendProblem,
    handler: async () => ({
      circuit_breakers: Object.fromEntries(
        app.circuitBreakers.stats().map((snapshot) => [snapshot.name, serviceHealth(snapshot)]),
      ),
    }),
  })
  allowOnly(app, 'GET', path)

  const url = `${path}/:name/reset`
  app.post<Named>(url, {
    ...guards.write,
    errorHandler: sendProblem,
    handler: async (request) => {
      const breaker = breakerOf(app, request)
      control(breaker, 'reset', request)
      return { service: breaker.name, ...serviceHealth(breaker.snapshot()) }
    },
  })
  allowOnly(app, 'POST', url)
}

function breakerOf(app: FastifyInstance, request: FastifyRequest<Named>): CircuitBreaker {
  const { name } = request.params
  const breaker = app.circuitBreakers.get(name)
  if (breaker === undefined) throw new UnknownBreakerError(name)
  return breaker
}
