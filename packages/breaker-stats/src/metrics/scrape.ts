import type { FastifyInstance } from 'fastify'
import { readCompanions } from '../api/companions.ts'
import { BreakerMetrics } from './breaker-metrics.ts'
import { breakerSeries } from './breaker-series.ts'
import { writeCompanions } from './companion-metrics.ts'
import { writeFleet } from './fleet-metrics.ts'
import { Exposition, type ExpositionFormat } from './exposition.ts'
import { ProxyCounts } from './proxy-counts.ts'
import { TransitionLedger } from './transition-ledger.ts'

/** Everything that is measured, read when asked for; between scrapes only transitions, probes and requests are counted. */
export class Scrape {
  readonly proxies: ProxyCounts = new ProxyCounts()
  readonly #app: FastifyInstance
  readonly #ledger: TransitionLedger
  readonly #breakers: BreakerMetrics

  constructor(app: FastifyInstance) {
    this.#app = app
    this.#ledger = new TransitionLedger(app.circuitBreakers)
    this.#breakers = new BreakerMetrics(this.#ledger)
  }

  text(format: ExpositionFormat): string {
    const registry = this.#app.circuitBreakers
    const exposition = new Exposition(format)
    this.#ledger.keepOnly((name) => registry.get(name) !== undefined)
    this.#breakers.write(exposition, breakerSeries(registry.stats()), Date.now())
    if (registry.fleet !== undefined) writeFleet(exposition, registry.fleet)
    this.proxies.write(exposition)
    writeCompanions(exposition, readCompanions(this.#app))
    return exposition.toString()
  }

  close(): void {
    this.#ledger.close()
  }
}
