import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import type { Dispatcher } from 'undici'
import { createUpstream, passThrough, type ProxyOverrides, type UpstreamOptions } from '../../src/index.ts'
import { proxyOptions } from '../../src/proxy/proxy-options.ts'

export interface GatewaySetup {
  /** Base URL of the upstream. */
  readonly to: string
  readonly prefix?: string
  readonly overrides?: ProxyOverrides
  readonly upstream?: Partial<UpstreamOptions>
  /** Instead of an upstream's own. */
  readonly dispatcher?: Dispatcher
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
  const upstream = createUpstream({ name: 'orders', origins: setup.to, ...setup.upstream })
  t.teardown(() => upstream.dispatcher.destroy())
  const app = fastify({ forceCloseConnections: true, ...setup.server })
  t.teardown(() => app.close())
  await setup.before?.(app)
  await app.register(async (scope) => {
    const options =
      setup.dispatcher === undefined
        ? upstream.proxyOptions(setup.overrides)
        : proxyOptions({ name: 'orders', dispatcher: setup.dispatcher, base: setup.to }, setup.overrides)
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
