/**
 * Key of the per-request context in dispatch options:
 * `dispatcher.dispatch({ …, [kUpstreamContext]: { consumer } }, handler)`. undici ignores it.
 */
export const kUpstreamContext: unique symbol = Symbol.for('sluice.upstream.context')

/** What a caller knows of a request that HTTP does not say. */
export interface UpstreamContext {
  /** Who asks: the key of `balance: { policy: 'hash', by: 'consumer' }`. */
  readonly consumer?: string | undefined
  /** Overrides the hash key, whatever `balance.by` says. */
  readonly hashKey?: string | undefined
  /** `true`: may be sent twice though its method does not say so; `false`: may not. Default: by `retry.methods`. */
  readonly idempotent?: boolean | undefined
}

/** Dispatch options that may carry an {@link UpstreamContext}. */
export interface WithUpstreamContext {
  readonly [kUpstreamContext]?: UpstreamContext | undefined
}

const NONE: UpstreamContext = Object.freeze({})

export function contextOf(options: object): UpstreamContext {
  return (options as WithUpstreamContext)[kUpstreamContext] ?? NONE
}
