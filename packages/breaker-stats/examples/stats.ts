/**
 * A route behind a breaker, and all there is to see of it: JSON, metrics, and the dashboard with a test button.
 *
 *   node examples/stats.ts 3000      then open http://127.0.0.1:3000/monitor
 */
import circuitBreaker from '@sluice/circuit-breaker'
import breakerStats from '@sluice/breaker-stats'
import Fastify, { type FastifyInstance } from 'fastify'

export async function build(): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(circuitBreaker, {
    defaults: { minimumCalls: 5, open: { durationMs: 2_000 }, recovery: { rampMs: 1_000 } },
  })

  // A service to break at will. In production leave `test` out.
  let isFailing = false
  const test = {
    breaker: 'menu',
    fail: async () => void (isFailing = true),
    heal: async () => void (isFailing = false),
    request: async () => (await app.inject('/menu')).statusCode,
  }
  // 'loopback' for trying it out: from this machine alone. Else register @sluice/api-key-auth, or give a hook.
  await app.register(breakerStats, { access: 'loopback', test })

  app.get('/menu', { config: { circuitBreaker: 'menu' } }, async () => {
    if (isFailing) throw new Error('the kitchen is closed')
    return ['soup', 'bread']
  })
  return app
}

if (process.argv[2] !== undefined) {
  const app = await build()
  console.log(`${await app.listen({ port: Number(process.argv[2]) })}/monitor`)
}
