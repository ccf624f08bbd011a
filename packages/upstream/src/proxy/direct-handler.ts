import type { FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import { kUpstreamContext, type UpstreamContext } from '../context.ts'
import { Exchange } from './exchange.ts'
import { requestBody } from './request-body.ts'
import { rewrittenSearch } from './reply-options.ts'
import { requestHeaderBuilder, type RequestHeaderOptions } from './request-headers.ts'
import { targetPath } from './target-path.ts'

/** What the direct path needs to know of its upstream. */
export interface DirectHandlerOptions extends RequestHeaderOptions {
  /** Names the upstream in errors. */
  readonly name: string
  readonly dispatcher: Dispatcher
  /** Where to, for a dispatcher that does not choose by itself: `http://127.0.0.1:8080`. */
  readonly origin?: string | undefined
  /** Longest request body that is forwarded, bytes; a longer one gets a 413. Default: no limit. */
  readonly bodyLimit?: number | undefined
  /** What the dispatcher may know of a request: its consumer, its hash key, whether it may be sent twice. */
  readonly context?: ((request: FastifyRequest) => UpstreamContext | undefined) | undefined
}

/** The `handler` of `@fastify/http-proxy`. */
export type DirectHandler = NonNullable<FastifyHttpProxyOptions['handler']>

/**
 * What `@fastify/http-proxy` hands over from its `replyOptions`. The direct path heeds `rewriteHeaders` (by which
 * `Location` is rewritten too), `rewriteRequestHeaders`, `queryString`, `onResponse` and `onError`.
 */
export type ReplyOptions = Parameters<DirectHandler>[3]

/**
 * Sends requests out by `dispatcher.dispatch` and collects the answers in its callbacks, without a stream where a
 * Buffer will do.
 */
export function createDirectHandler(options: DirectHandlerOptions): DirectHandler {
  const { name, dispatcher, origin, context, bodyLimit = Number.POSITIVE_INFINITY } = options
  const buildHeaders = requestHeaderBuilder(options)

  return function directHandler(request, reply, destination, replyOptions) {
    const { rewriteRequestHeaders, queryString } = replyOptions
    const path = targetPath(destination, request.url, rewrittenSearch(queryString, request))
    const body = requestBody(request, bodyLimit)
    let headers = buildHeaders(request)
    if (body === null) headers['content-length'] = undefined
    else if (Buffer.isBuffer(body)) headers['content-length'] = String(body.length)
    if (rewriteRequestHeaders !== undefined) headers = rewriteRequestHeaders(request, headers)
    const exchange = new Exchange(name, request, reply, replyOptions)
    const dispatch = {
      origin,
      path,
      method: request.method,
      headers,
      body,
      [kUpstreamContext]: context?.(request),
    }
    try {
      dispatcher.dispatch(dispatch as Dispatcher.DispatchOptions, exchange)
    } catch (error) {
      exchange.onResponseError(undefined, error as Error)
    }
  }
}
