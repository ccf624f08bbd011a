import { BreakerRegistry } from '@sluice/circuit-breaker'
import { createFleet, type RedisClient } from '@sluice/circuit-breaker/redis'

/** One instance of a service. With the Fastify plugin the option `fleet: { redis }` does all of this. */
export async function startInstance(redis: RedisClient, instance: string) {
  const fleet = createFleet({ redis, instance, prefix: 'example' })
  const breakers = new BreakerRegistry({ breakers: { orders: {} } }, { coordinator: fleet })
  breakers.on('fleet', ({ mode, reason }) => console.log(`${instance} is ${mode}: ${reason}`))
  breakers.on('transition', ({ to, scope, reason }) =>
    console.log(`${instance}: orders is ${to} (${scope}): ${reason}`),
  )
  // What the fleet knows already is in force before the first call.
  await fleet.ready()
  return { fleet, orders: breakers.ensure('orders') }
}
