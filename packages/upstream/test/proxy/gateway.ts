import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { Agent, type Dispatcher } from 'undici'
import { passThrough } from '../../src/proxy/pass-through.ts'
import { proxyOptions, type ProxyOverrides } from '../../src/proxy/proxy-options.ts'

export interface GatewaySetup {
  /** Base URL of the upstream. */
  readonly to: string
  readonly prefix?: string
  readonly overrides?: ProxyOverrides
  readonly dispatcher?: Dispatcher
  readonly breaker?: string
  readonly server?: FastifyServerOptions
  /** Whatever must be registered before the proxy. */
  readonly before?: (app: FastifyInstance) => unknown
}

export interface Gateway {
  readonly app: FastifyInstance
  readonly port: number
  readonly url: string
}

/** A Fastify app on a free port whose every path goes to `to` by the direct path. */
export async function startGateway(t: Test, setup: GatewaySetup): Promise<Gateway> {
  const dispatcher = setup.dispatcher ?? new Agent()
  t.teardown(() => dispatcher.destroy())
  const app = fastify({ forceCloseConnections: true, ...setup.server })
  t.teardown(() => app.close())
  await setup.before?.(app)
  const upstream = { name: 'orders', dispatcher, base: setup.to, breaker: setup.breaker }
  await app.register(async (scope) => {
    const options = proxyOptions(upstream, setup.overrides)
    await scope.register(httpProxy, {
      prefix: setup.prefix ?? '/',
      ...options,
      ...passThrough(scope),
    } as never)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  return { app, port, url: `http://127.0.0.1:${port}` }
}
