/** Requests to any of so many routes, each with a breaker of its own. */
import { circuitBreaker } from '@sluice/circuit-breaker'
import fastify from 'fastify'
import { answerTasks } from '../micro/answer-tasks.ts'
import { asynchronous } from '../micro/task.ts'
import { walk } from './walk.ts'

answerTasks(async (name) => {
  const size = Number(name)
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(circuitBreaker)
  for (let index = 0; index < size; index++) {
    const config = { circuitBreaker: `breaker-${index}` }
    app.get(`/services/${index}/items`, { config }, async () => 'ok')
  }
  await app.ready()
  const next = walk(size)
  return { ...asynchronous(() => app.inject(`/services/${next()}/items`)), batch: 50 }
})
