import type { FastifyContextConfig, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import { createDirectHandler, type DirectHandler, type DirectHandlerOptions } from './direct-handler.ts'
import { kUpgrade, type WebSocketDialer } from '../websocket/dialer.ts'
import { requireHeeded } from './heeded-options.ts'
import { requestHeaderBuilder, type RequestHeaderOptions } from './request-headers.ts'

/** What {@link proxyOptions} needs to know of an upstream. */
export interface ProxiedUpstream {
  readonly name: string
  readonly dispatcher: Dispatcher
  /** URL that the paths of requests are resolved against. Where they go is decided for each of them. */
  readonly base: string
  /** Name of the breaker that the dispatcher takes a permit from for each attempt; none: `undefined`. */
  readonly breaker?: string | undefined
  /** Connects WebSockets. Default: `ws` does, to `base`. */
  readonly dialer?: WebSocketDialer | undefined
}

/**
 * Changes to one proxy in front of an upstream. What else `@fastify/http-proxy` knows, and the upstream does not decide, may
 * stand here too.
 */
export interface ProxyOverrides
  extends RequestHeaderOptions, Pick<DirectHandlerOptions, 'context' | 'bodyLimit'> {
  readonly config?: FastifyContextConfig | undefined
  readonly wsClientOptions?: object | undefined
  readonly [option: string]: unknown
}

/** Options of `@fastify/http-proxy`. */
export interface ProxyOptions {
  upstream: string
  undici: Dispatcher
  handler: DirectHandler
  config: FastifyContextConfig
  wsClientOptions: object
  retryMethods: []
  disableRequestLogging: true
  [option: string]: unknown
}

/**
 * The options to register `@fastify/http-proxy` with, so that HTTP takes the direct path.
 *
 * @throws UpstreamOptionsError for options that would be ignored
 */
export function proxyOptions(upstream: ProxiedUpstream, overrides: ProxyOverrides = {}): ProxyOptions {
  const { name, dispatcher, base, breaker, dialer } = upstream
  const { requestHeaders, stripHeaders, context, bodyLimit, config, wsClientOptions, ...rest } = overrides
  requireHeeded(overrides, 'http-proxy')
  const headerOptions = { requestHeaders, stripHeaders }
  const gate = breaker === undefined ? {} : { circuitBreaker: { name: breaker, permit: 'attempt' as const } }
  return {
    ...rest,
    upstream: base,
    handler: createDirectHandler({
      name,
      dispatcher,
      origin: new URL(base).origin,
      context,
      bodyLimit,
      ...headerOptions,
    }),
    config: { ...gate, ...config },
    wsClientOptions: {
      rewriteRequestHeaders: webSocketHeaders(headerOptions, context),
      ...dialer,
      ...wsClientOptions,
    },
    // For a route of the app that calls `reply.from` itself: the same pools, and no retries behind the breaker's back.
    undici: dispatcher,
    retryMethods: [],
    disableRequestLogging: true,
  }
}

/** The upgrade request carries what any other request would, but for the handshake, which is between two neighbours. */
function webSocketHeaders(
  options: RequestHeaderOptions,
  context: ProxyOverrides['context'],
): (headers: object, request: FastifyRequest) => Record<string | symbol, unknown> {
  const build = requestHeaderBuilder(options)
  return (headers, request) => {
    const fields: Record<string | symbol, unknown> = { ...headers }
    for (const [field, value] of Object.entries(build(request))) {
      if (value !== undefined && !field.startsWith('sec-websocket-')) fields[field] = value
    }
    fields[kUpgrade] = { client: request.raw.socket, gated: isGated(request), context: context?.(request) }
    return fields
  }
}

/** Whether the breaker plugin's gate takes the permit of an upgrade, which `countHandshake` settles then. */
function isGated({ server, routeOptions }: FastifyRequest): boolean {
  return server.hasDecorator('circuitBreakers') && Boolean(routeOptions.config.circuitBreaker)
}
