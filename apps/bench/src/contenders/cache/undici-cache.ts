/** `@fastify/http-proxy` with undici's own cache behind it. */
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { Agent, interceptors } from 'undici'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

const app = fastify()
await app.register(httpProxy, {
  upstream: (settings() as ProxySettings).upstream,
  undici: new Agent().compose(interceptors.cache()),
})
await listen(app)
