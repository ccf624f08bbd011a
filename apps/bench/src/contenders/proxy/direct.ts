/** `directProxy` of `@sluice/upstream`, with or without its breaker. */
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface DirectSettings extends ProxySettings {
  readonly breaker: boolean
}

const { upstream: origin, breaker } = settings() as DirectSettings
const upstream = createUpstream({
  name: 'bench',
  origins: origin,
  ...(breaker ? {} : { breaker: false as const }),
})
const app = fastify()
await app.register(directProxy, { upstream })
await listen(app)
