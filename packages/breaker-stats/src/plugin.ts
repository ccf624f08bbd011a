import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { createGuards } from './access/guard.ts'
import { registerHealthRoutes, registerStatsRoutes } from './api/routes.ts'
import { overview, type StatsOverview } from './api/overview.ts'
import { registerPageRoutes } from './dashboard/routes.ts'
import { Hub } from './live/hub.ts'
import { registerLiveRoutes } from './live/routes.ts'
import { registerTestRoute } from './live/test-routes.ts'
import { registerMetricsRoute } from './metrics/routes.ts'
import { Scrape } from './metrics/scrape.ts'
import { parseOptions, type BreakerStatsOptions, type ResolvedOptions } from './options.ts'
import { logTransitions } from './transition-log.ts'

export interface BreakerStats {
  /** What `GET /stats/circuit-breakers` answers. */
  overview(): StatsOverview
  /** The metrics of this plugin, without those of a registry of yours, in the Prometheus text format. */
  metrics(): string
}

declare module 'fastify' {
  interface FastifyInstance {
    breakerStats: BreakerStats
  }
}

async function register(app: FastifyInstance, given: BreakerStatsOptions): Promise<void> {
  const options = parseOptions(given)
  const scrape = new Scrape(app)
  if (options.proxyMetrics) scrape.proxies.watch(app)
  if (options.logTransitions) logTransitions(app.circuitBreakers, app.log)

  app.decorate('breakerStats', {
    overview: () => overview(app, options.instance),
    metrics: () => scrape.text('text'),
  })
  registerApi(app, options)
  if (options.metrics !== false) {
    registerMetricsRoute(
      app,
      options.metrics,
      createGuards(app, options.metricsAccess, []).read,
      scrape,
      options.registry,
    )
  }
  if (options.dashboard !== false) registerDashboard(app, options.dashboard, options)
  app.addHook('onClose', async () => scrape.close())
}

function registerApi(
  app: FastifyInstance,
  { stats, alias, access, origins, instance }: ResolvedOptions,
): void {
  if (stats === false && alias === false) return
  const guards = createGuards(app, access, origins)
  if (stats !== false) registerStatsRoutes(app, stats, guards, instance)
  if (alias !== false) registerHealthRoutes(app, alias, guards)
}

function registerDashboard(app: FastifyInstance, path: string, options: ResolvedOptions): void {
  const { access, origins, live, test, instance, keyHeader, stats } = options
  const guards = createGuards(app, access, origins)
  const hub = new Hub(app, live, instance)
  app.addHook('preClose', async () => hub.close())
  registerLiveRoutes(app, path, guards, hub, origins)
  if (test !== undefined) registerTestRoute(app, path, guards, hub, test)
  const at = `${app.prefix}${path}`
  registerPageRoutes(app, path, {
    stats: `${app.prefix}${String(stats)}`,
    live: `${at}/live`,
    ticket: `${at}/ticket`,
    frame: `${at}/frame`,
    test: test === undefined ? '' : `${at}/test`,
    keyHeader,
  })
}

/**
 * Shows the breakers of `app.circuitBreakers` (register `@sluice/circuit-breaker` before it) as JSON, as Prometheus
 * metrics and on a live dashboard, and lets an operator act on them.
 *
 * @throws StatsOptionsError with all bad options
 * @throws SLUICE_STATS_UNGUARDED when nothing would guard it
 */
export const breakerStats: FastifyPluginAsync<BreakerStatsOptions> = fp(register, {
  name: '@sluice/breaker-stats',
  fastify: '5.x',
  decorators: { fastify: ['circuitBreakers'] },
})
