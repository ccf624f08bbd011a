import type { FastifyInstance } from 'fastify'
import type { Guards } from '../access/guard.ts'
import { allowOnly } from '../api/method-not-allowed.ts'
import { sendProblem } from '../problem.ts'
import type { Hub } from './hub.ts'
import { TestRun, type CircuitBreakerTest } from './test-run.ts'

/** `POST <path>/test` starts the test; the dashboards show how it goes. */
export function registerTestRoute(
  app: FastifyInstance,
  path: string,
  guards: Guards,
  hub: Hub,
  test: CircuitBreakerTest,
): void {
  const run = new TestRun(
    test,
    () => app.circuitBreakers.get(test.breaker),
    (progress) => hub.showTest(progress),
  )
  app.addHook('preClose', async () => run.stop())
  app.post(`${path}/test`, {
    ...guards.write,
    errorHandler: sendProblem,
    handler: async (request, reply) => {
      run.start()
      request.log.warn(`circuit-breaker test of ${test.breaker} started`)
      void reply.code(202)
      return { breaker: test.breaker }
    },
  })
  allowOnly(app, 'POST', `${path}/test`)
}
