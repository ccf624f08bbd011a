import type { ResolvedDeps } from '../deps.ts'
import type { ResolvedHealth, ResolvedUpstreamOptions } from '../options/options.ts'
import type { Origin } from '../origin/origin.ts'
import type { OriginSet } from '../origin/origin-set.ts'
import { createPool } from '../origin/pool.ts'
import { HealthProbe } from './health-probe.ts'

/** The first checks are spread over this time. */
const SPREAD_MS = 1_000

/** One probe for each origin that is in force. */
export class HealthChecks {
  readonly #origins: OriginSet
  readonly #options: ResolvedUpstreamOptions
  readonly #health: ResolvedHealth
  readonly #deps: ResolvedDeps
  readonly #probes = new Map<Origin, HealthProbe>()
  #running = false

  constructor(
    origins: OriginSet,
    options: ResolvedUpstreamOptions,
    health: ResolvedHealth,
    deps: ResolvedDeps,
  ) {
    this.#origins = origins
    this.#options = options
    this.#health = health
    this.#deps = deps
    origins.onChange((all) => this.#follow(all))
  }

  start(): void {
    this.#running = true
    this.#follow(this.#origins.all)
  }

  async stop(): Promise<void> {
    this.#running = false
    const probes = [...this.#probes.values()]
    this.#probes.clear()
    await Promise.all(probes.map((probe) => probe.stop()))
  }

  #follow(all: readonly Origin[]): void {
    if (!this.#running) return
    for (const [origin, probe] of this.#probes) {
      if (all.includes(origin)) continue
      this.#probes.delete(origin)
      void probe.stop()
    }
    for (const origin of all) {
      if (!this.#probes.has(origin)) this.#watch(origin)
    }
  }

  #watch(origin: Origin): void {
    const { timeouts } = this.#options
    const connection = { ...this.#options, timeouts: { ...timeouts, connectMs: this.#health.timeoutMs } }
    const probe = new HealthProbe(createPool(origin.address, connection, 1), this.#health, (healthy) => {
      origin.healthy = healthy
      if (healthy) origin.startSlowly(this.#deps.now())
      this.#origins.changed()
    })
    this.#probes.set(origin, probe)
    probe.start(this.#deps.random() * Math.min(SPREAD_MS, this.#health.intervalMs))
  }
}
