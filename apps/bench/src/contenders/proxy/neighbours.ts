/** Two upstreams behind one process: the first at `/healthy`, the second, of which answers take for ever, at `/hung`. */
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface NeighbourSettings extends ProxySettings {
  readonly hung: string
  readonly hungMs: number
}

const { upstream, hung, hungMs } = settings() as NeighbourSettings
const app = fastify()
await app.register(directProxy, {
  prefix: '/healthy',
  upstream: createUpstream({ name: 'healthy', origins: upstream }),
})
await app.register(directProxy, {
  prefix: '/hung',
  // Without a breaker, which would put an end to the load that is to be felt.
  upstream: createUpstream({ name: 'hung', origins: hung, breaker: false, timeouts: { headersMs: hungMs } }),
})
await listen(app)
