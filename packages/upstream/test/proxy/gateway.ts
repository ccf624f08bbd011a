import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import type { Dispatcher } from 'undici'
import {
  createUpstream,
  directProxy,
  passThrough,
  type ProxyOverrides,
  type Upstream,
  type UpstreamOptions,
} from '../../src/index.ts'
import { proxyOptions } from '../../src/proxy/proxy-options.ts'

export interface GatewaySetup {
  /** Base URL of the upstream. */
  readonly to: string
  readonly prefix?: string
  readonly overrides?: ProxyOverrides
  readonly upstream?: Partial<UpstreamOptions>
  /** Register `directProxy` instead of `@fastify/http-proxy`. */
  readonly direct?: boolean
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
  readonly upstream: Upstream
}

/** The two ways to the direct path, by name, and what {@link GatewaySetup.direct} says for each. */
export const WAYS = [
  ['directProxy', true],
  ['@fastify/http-proxy', false],
] as const

/** A Fastify app on a free port whose every path goes to `to` by the direct path. */
export async function startGateway(t: Test, setup: GatewaySetup): Promise<Gateway> {
  const upstream = createUpstream({ name: 'orders', origins: setup.to, ...setup.upstream })
  t.teardown(() => upstream.dispatcher.destroy())
  const app = fastify({ forceCloseConnections: true, ...setup.server })
  t.teardown(() => app.close())
  await setup.before?.(app)
  const { dispatcher, prefix = '/' } = setup
  const proxied =
    dispatcher === undefined
      ? upstream
      : {
          proxyOptions: (overrides?: ProxyOverrides) =>
            proxyOptions({ name: 'orders', dispatcher, base: setup.to }, overrides),
        }
  if (setup.direct === true) {
    await app.register(directProxy, { prefix, upstream: proxied, ...setup.overrides })
  } else {
    await app.register(async (scope) => {
      const options = proxied.proxyOptions(setup.overrides)
      await scope.register(httpProxy, { prefix, ...options, ...passThrough(scope) })
    })
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  return { app, port, url: `http://127.0.0.1:${port}`, upstream }
}
