/** What decides by time and chance, so that tests can decide instead. */
export interface UpstreamDeps {
  /** Monotonic time in ms. Default `performance.now`. Timeouts run on real time all the same. */
  readonly now?: () => number
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
}

export type ResolvedDeps = Readonly<Required<UpstreamDeps>>

export function resolveDeps({
  now = () => performance.now(),
  random = Math.random,
}: UpstreamDeps = {}): ResolvedDeps {
  return Object.freeze({ now, random })
}
