import type { FastifyInstance } from 'fastify'
import { breakerView, type BreakerView } from './breaker-view.ts'
import { readCompanions, type Companions } from './companions.ts'

/** What `GET /stats/circuit-breakers` answers. */
export interface StatsOverview extends Companions {
  readonly circuitBreakers: readonly BreakerView[]
  readonly instance: string
  readonly at: string
}

export function overview(app: FastifyInstance, instance: string): StatsOverview {
  return {
    circuitBreakers: app.circuitBreakers.stats().map(breakerView),
    ...readCompanions(app),
    instance,
    at: new Date().toISOString(),
  }
}
