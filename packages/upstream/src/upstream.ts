import type { Dispatcher } from 'undici'
import { AttemptLayer } from './attempt/attempt-layer.ts'
import { Balancer } from './balance/balancer.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { UpstreamCounters } from './counters.ts'
import { resolveDeps, type UpstreamDeps } from './deps.ts'
import { UpstreamDispatcher } from './dispatcher.ts'
import type { UpstreamOptions } from './options.ts'
import { OriginBreakers } from './origin/origin-breakers.ts'
import { OriginSet } from './origin/origin-set.ts'
import { parseOptions } from './parse-options.ts'
import { proxyOptions, type ProxyOptions, type ProxyOverrides } from './proxy/proxy-options.ts'

/** One protected upstream. */
export interface Upstream {
  readonly name: string
  /** For `fetch`, `request`, `dispatch`. */
  readonly dispatcher: Dispatcher
  /** Options to register `@fastify/http-proxy` with. */
  proxyOptions(overrides?: ProxyOverrides): ProxyOptions
  /** Takes no more requests; the promise is kept when the last one has ended. */
  close(): Promise<void>
}

/** Creates an upstream, or throws {@link UpstreamOptionsError} with all that is wrong with the options. */
export function createUpstream(input: UpstreamOptions, deps?: UpstreamDeps): Upstream {
  const { options, origins: addresses } = parseOptions(input)
  const { name } = options
  const { now, random } = resolveDeps(deps)
  const counters = new UpstreamCounters(name)
  const origins = new OriginSet(options, { now, random }, new OriginBreakers())
  const breaker = 'acquire' in (options.breaker || {}) ? (options.breaker as CircuitBreaker) : undefined
  const balancer = new Balancer(origins, options, { now, random })
  origins.replace(addresses)
  const scope = { upstream: name, breaker, honorRetryAfter: options.honorRetryAfter, latency: undefined, now }
  const chain = new AttemptLayer(scope, balancer, options.timeouts, counters)
  const dispatcher = new UpstreamDispatcher({
    chain,
    counters,
    totalMs: options.timeouts.totalMs,
    close: () => origins.close(),
    destroy: (error) => origins.destroy(error),
  })
  const [first] = addresses
  const base = first?.address.url.origin ?? ''
  return {
    name,
    dispatcher,
    proxyOptions: (overrides) =>
      proxyOptions({ name, dispatcher, base, breaker: breaker?.name, tls: options.tls }, overrides),
    close: () => dispatcher.close(),
  }
}
