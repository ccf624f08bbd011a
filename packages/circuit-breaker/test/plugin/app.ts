import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { Agent } from 'undici'
import { type BreakerRegistry, circuitBreaker, type CircuitBreakerOptions } from '../../src/index.ts'
import { recordOutcomes, startUpstream, type UpstreamServer } from '../upstream-server.ts'

export interface TestApp {
  readonly app: FastifyInstance
  readonly origin: string
  readonly upstream: UpstreamServer
  readonly breakers: BreakerRegistry
  /** What breakers count, in order. */
  readonly outcomes: string[]
}

export interface AppOptions {
  readonly plugin?: CircuitBreakerOptions
  readonly fastify?: FastifyServerOptions
  /** Plugins ahead of this one. */
  readonly before?: (app: FastifyInstance) => void
  /** For the requests to the upstream. */
  readonly agent?: Agent.Options
}

export type Routes = (app: FastifyInstance, upstream: UpstreamServer, agent: Agent) => void

/** An app with the plugin in front of an upstream; both listen. `routes` adds the routes. */
export async function startApp(t: Test, routes: Routes, options: AppOptions = {}): Promise<TestApp> {
  const upstream = await startUpstream()
  const agent = new Agent({ connections: 4, ...options.agent })
  const app = Fastify({ forceCloseConnections: true, ...options.fastify })
  t.teardown(async () => {
    await agent.destroy()
    await app.close()
    await upstream.close()
  })
  options.before?.(app)
  await app.register(circuitBreaker, options.plugin ?? {})
  routes(app, upstream, agent)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const outcomes = recordOutcomes(app.circuitBreakers)
  return { app, upstream, outcomes, origin: `http://127.0.0.1:${port}`, breakers: app.circuitBreakers }
}

/** What a client gets: the status, and `broken` when the body does not come to its end. */
export async function get(url: string): Promise<string> {
  const response = await fetch(url)
  try {
    await response.arrayBuffer()
    return String(response.status)
  } catch {
    return `${response.status} broken`
  }
}
