/** Bare `@fastify/http-proxy`, as its README has it. */
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

const app = fastify()
await app.register(httpProxy, { upstream: (settings() as ProxySettings).upstream })
await listen(app)
