/** A Fastify route without a socket: with no breaker, with `@fastify/circuit-breaker`, or with ours. */
import fastifyCircuitBreaker from '@fastify/circuit-breaker'
import { circuitBreaker } from '@sluice/circuit-breaker'
import fastify, { type FastifyInstance } from 'fastify'
import { settings } from '../../child.ts'
import { answerTasks } from './answer-tasks.ts'
import { asynchronous } from './task.ts'

interface InjectSettings {
  readonly breaker: 'none' | 'fastify' | 'sluice'
}

const { breaker } = settings() as InjectSettings
const app = fastify()
await addRoute(app)
await app.ready()

answerTasks(() => ({ ...asynchronous(() => app.inject('/')), batch: 50 }))

async function addRoute(app: FastifyInstance): Promise<void> {
  const handler = async (): Promise<string> => 'ok'
  if (breaker === 'fastify') await app.register(fastifyCircuitBreaker)
  if (breaker === 'sluice') await app.register(circuitBreaker)
  app.get('/', {
    ...(breaker === 'fastify' && { preHandler: app.circuitBreaker() }),
    ...(breaker === 'sluice' && { config: { circuitBreaker: 'bench' } }),
    handler,
  })
}
