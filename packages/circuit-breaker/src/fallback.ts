/** What a handler learns about the call it stands in for. Adapters add to it (the Fastify plugin: request, reply). */
export interface FallbackCall {
  readonly breaker: string
}

/** Its result takes the place of the call's. If it throws, the caller gets the original error. */
export type FallbackHandler = (error: Error, call: FallbackCall) => unknown

/**
 * What callers get instead of an error. `execute` knows handlers alone; the kinds that speak of HTTP are for routes:
 * the last good answer, a fixed one, or another origin.
 */
export type Fallback =
  | { readonly type: 'cache' }
  | {
      readonly type: 'static'
      /** Default 200. */
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    }
  | { readonly type: 'upstream'; readonly origin: string }
  | FallbackHandler
