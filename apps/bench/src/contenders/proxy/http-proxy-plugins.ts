/** What a gateway of Fastify's own plugins looks like: `@fastify/http-proxy` behind rate limit and circuit breaker. */
import circuitBreaker from '@fastify/circuit-breaker'
import httpProxy from '@fastify/http-proxy'
import rateLimit from '@fastify/rate-limit'
import fastify from 'fastify'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

const app = fastify()
await app.register(rateLimit, { max: 1_000_000_000, timeWindow: 60_000 })
await app.register(circuitBreaker)
await app.register(httpProxy, {
  upstream: (settings() as ProxySettings).upstream,
  preHandler: app.circuitBreaker(),
})
await listen(app)
