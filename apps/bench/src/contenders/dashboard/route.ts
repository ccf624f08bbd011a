/** A route with a breaker, with or without stats. */
import { breakerStats } from '@sluice/breaker-stats'
import { circuitBreaker } from '@sluice/circuit-breaker'
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface RouteSettings extends ProxySettings {
  readonly stats: boolean
}

const { upstream: origins, stats } = settings() as RouteSettings
const app = fastify()
await app.register(circuitBreaker)
if (stats) await app.register(breakerStats, { access: () => {} })
const upstream = createUpstream({ name: 'bench', origins, registry: app.circuitBreakers })
await app.register(directProxy, { upstream })
await listen(app)
