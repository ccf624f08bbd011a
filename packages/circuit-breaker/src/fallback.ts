/** What a handler learns about the call it stands in for. Adapters add to it (the Fastify plugin: request, reply). */
export interface FallbackCall {
  readonly breaker: string
}

/** Its result takes the place of the call's. If it throws, the caller gets the original error. */
export type FallbackHandler = (error: Error, call: FallbackCall) => unknown

/** The last good answer to the same request, however old. */
export interface CacheFallback {
  readonly type: 'cache'
}

/** The same answer every time. */
export interface StaticFallback {
  readonly type: 'static'
  /** 200 to 599. Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes are sent as they are, anything else as JSON, made once at start-up. Default: empty. */
  readonly body?: unknown
}

/** The same request to another origin. */
export interface UpstreamFallback {
  readonly type: 'upstream'
  /** E.g. `http://standby:8080`; a path in it goes before the request's own. */
  readonly origin: string
  /** Beginning of the request's path that the other origin does not know; it is taken off. Default: none. */
  readonly prefix?: string
  /** Longest time until its response headers, and between pieces of its body, above 0 ms. Default 10 000. */
  readonly timeoutMs?: number
}

/**
 * What callers get instead of an error. `execute` knows handlers alone; the kinds that speak of HTTP are for routes.
 */
export type Fallback = CacheFallback | StaticFallback | UpstreamFallback | FallbackHandler
