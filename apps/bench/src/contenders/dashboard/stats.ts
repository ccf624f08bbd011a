/** So many breakers with stats, metrics and dashboard; the bench tells it when calls come and when one trips. */
import { breakerStats } from '@sluice/breaker-stats'
import { circuitBreaker, type CircuitBreaker } from '@sluice/circuit-breaker'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'

export type DashboardQuestion =
  /** Each breaker sees a call. */
  | { readonly type: 'call' }
  /** Each breaker sees a call a second from now on. */
  | { readonly type: 'traffic' }
  /** Opens the breaker of that number; answers when that was, ms since the epoch. */
  | { readonly type: 'open'; readonly breaker: number }

interface DashboardSettings {
  readonly breakers: number
}

const { breakers: count } = settings() as DashboardSettings
const app = fastify()
await app.register(circuitBreaker)
await app.register(breakerStats, { access: () => {} })
const breakers: CircuitBreaker[] = []
for (let index = 0; index < count; index++) breakers.push(app.circuitBreakers.ensure(nameOf(index)))

await listen(app, (question) => {
  const asked = question as DashboardQuestion
  if (asked.type === 'call') return callAll()
  if (asked.type === 'traffic') return void setInterval(callAll, 1000)
  app.circuitBreakers.open(nameOf(asked.breaker))
  return Date.now()
})

function nameOf(index: number): string {
  return `service-${index}`
}

function callAll(): void {
  for (const breaker of breakers) {
    const permit = breaker.acquire()
    if (permit.admitted) permit.success()
  }
}
