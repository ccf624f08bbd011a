import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { ReplyOptions } from './direct-handler.ts'
import { UnsafePathError } from './errors.ts'
import { requireHeeded } from './heeded-options.ts'
import { passThrough } from './pass-through.ts'
import type { ProxyOptions, ProxyOverrides } from './proxy-options.ts'

/** Options of {@link directProxy}, which takes `prefix` as any Fastify plugin does. */
export interface DirectProxyOptions extends ProxyOverrides {
  /** Where requests go: what `createUpstream` returns. */
  readonly upstream: { proxyOptions(overrides?: ProxyOverrides): ProxyOptions }
  /** What stands in place of `prefix` in the paths that the upstream sees. Default: nothing. */
  readonly rewritePrefix?: string | undefined
  /** Proxy WebSockets too; `@fastify/http-proxy`, which is needed for it, then takes over the routing. Default `false`. */
  readonly websocket?: boolean | undefined
  readonly constraints?: RouteOptions['constraints'] | undefined
  readonly preValidation?: RouteOptions['preValidation'] | undefined
  readonly preHandler?: RouteOptions['preHandler'] | undefined
  /** The methods that are routed. Default: all that Node parses, but CONNECT. */
  readonly httpMethods?: readonly string[] | undefined
  /** Whether a `Location` within the upstream becomes one within the prefix. Default `true`. */
  readonly internalRewriteLocationHeader?: boolean | undefined
}

/**
 * A Fastify plugin: everything below its prefix, whatever the method and the type of the body, goes to an upstream.
 * For a constant prefix this does what `@fastify/http-proxy` does with `proxyOptions()` and `passThrough()`, without the
 * three URLs that it parses for every request.
 *
 * @throws UpstreamOptionsError for options that would be ignored
 */
export async function directProxy(scope: FastifyInstance, options: DirectProxyOptions): Promise<void> {
  const { upstream, rewritePrefix = '', websocket, ...overrides } = options
  const prefix = scope.prefix.replace(/\/$/, '')
  const handsOver = websocket === true || prefix.includes(':')
  if (!handsOver) requireHeeded(overrides, 'directProxy')
  const proxied = upstream.proxyOptions(overrides)
  const passed = passThrough(scope)
  const { constraints, preValidation, preHandler, httpMethods = passed.httpMethods } = overrides
  const route = {
    ...(constraints && { constraints }),
    ...(preValidation && { preValidation }),
    ...(preHandler && { preHandler }),
    config: proxied.config,
  }
  if (handsOver) {
    const { default: httpProxy } = await import('@fastify/http-proxy')
    const rewriting = { rewritePrefix: rewritePrefix || '/', prefix: '' }
    await scope.register(httpProxy, { ...proxied, ...route, ...rewriting, httpMethods, websocket } as never)
    return
  }
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  const base = rewritePrefix.replace(/\/$/, '')
  const replyOptions = {
    ...(overrides.internalRewriteLocationHeader !== false && {
      rewriteHeaders: locationRewriter(base, prefix),
    }),
    ...(overrides.replyOptions as ReplyOptions),
  }
  for (const url of ['/', '/*']) {
    scope.route({
      ...route,
      url,
      method: [...httpMethods],
      handler(request, reply) {
        proxied.handler(request, reply as never, base + withoutPrefix(request.url, prefix), replyOptions)
      },
    })
  }
}

/** The path behind the prefix. The router may have let another spelling of the prefix pass, an upstream might not. */
function withoutPrefix(url: string, prefix: string): string {
  const query = url.indexOf('?')
  const end = query === -1 ? url.length : query
  const matches = url.startsWith(prefix) || url.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()
  // The router takes `http://host/path` for its path, whatever the host (RFC 9112 §3.2.2).
  if (!matches || url.charCodeAt(0) !== 47) throw new UnsafePathError()
  return url.slice(prefix.length, end)
}

/** Redirects within the upstream become redirects within the prefix. */
function locationRewriter(
  base: string,
  prefix: string,
): (headers: IncomingHttpHeaders) => IncomingHttpHeaders {
  return (headers) => {
    const { location } = headers
    if (location !== undefined && /^\/(?!\/)/.test(location) && location.startsWith(`${base}/`)) {
      headers.location = prefix + location.slice(base.length)
    }
    return headers
  }
}
