import { breakerStats, type Access, type BreakerStatsOptions } from '@sluice/breaker-stats'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { addAuthTo } from './auth.ts'
import type { GatewayConfig } from './config/types.ts'
import { addKeysApi } from './keys-api.ts'
import { guardRoute, operatorAccess, type OperatorAccess } from './operator-access.ts'
import { addPurgeApi } from './purge-api.ts'
import { createAdminServer } from './server.ts'

/** What the dashboard's test button drives. */
export type BreakerTest = NonNullable<BreakerStatsOptions['test']>

/**
 * The operators' endpoints: stats and controls, metrics, dashboard, purge, keys. On a listener of their own if one is
 * configured, else beside the services; never without a guard that was not asked for.
 *
 * @returns the operators' own listener, or undefined
 */
export async function addAdmin(
  app: FastifyInstance,
  config: GatewayConfig,
  logger: Logger,
  test: BreakerTest | undefined,
): Promise<FastifyInstance | undefined> {
  const access = operatorAccess(config)
  const options = { access: statsAccess(access), ...(test !== undefined && { test }) }
  if (config.auth !== undefined) Object.assign(options, { keyHeader: config.auth.header })
  if (config.admin === undefined) {
    await app.register(breakerStats, options)
    addApis(app, app, access)
    return undefined
  }
  // Counting belongs to where the requests are; showing, to where the operators are.
  await app.register(breakerStats, { stats: false, alias: false, dashboard: false, metrics: false })
  const admin = createAdminServer(logger)
  if (access === 'keys') await addAuthTo(admin, app, config)
  lendDecorators(app, admin)
  await admin.register(breakerStats, {
    ...options,
    metrics: false,
    proxyMetrics: false,
    logTransitions: false,
  })
  admin.get('/metrics', guardRoute(access, 'stats:read'), async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(app.breakerStats.metrics()),
  )
  addApis(admin, app, access)
  return admin
}

function addApis(target: FastifyInstance, app: FastifyInstance, access: OperatorAccess): void {
  if (app.hasDecorator('responseCache')) addPurgeApi(target, access, app.responseCache)
  if (app.hasDecorator('apiKeys')) addKeysApi(target, app.apiKeys, (scope) => guardRoute(access, scope))
}

function statsAccess(access: OperatorAccess): Access {
  switch (access) {
    case 'keys':
      return { scopes: { read: ['stats:read'], write: ['stats:write'] } }
    case 'loopback':
      return 'loopback'
    case 'open':
      return () => {}
  }
}

/** What the stats read, as it is on the main listener. */
function lendDecorators(from: FastifyInstance, to: FastifyInstance): void {
  const lent = from as unknown as Record<string, unknown>
  for (const name of ['circuitBreakers', 'responseCache', 'upstreams', 'rateLimits', 'apiKeys']) {
    if (from.hasDecorator(name) && !to.hasDecorator(name)) to.decorate(name, lent[name])
  }
}
