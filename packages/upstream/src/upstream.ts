import type { Dispatcher } from 'undici'
import { Admission } from './attempt/admission.ts'
import { upstreamBreaker } from './breaker.ts'
import { Balancer } from './balance/balancer.ts'
import { createChain } from './chain.ts'
import { UpstreamCounters } from './counters.ts'
import { resolveDeps, type UpstreamDeps } from './deps.ts'
import { UpstreamDispatcher } from './dispatcher.ts'
import { DnsOrigins } from './dns/dns-origins.ts'
import { HealthChecks } from './health/health-checks.ts'
import { LatencyWindow } from './hedge/latency-window.ts'
import type { UpstreamOptions } from './options/options.ts'
import { OriginBreakers } from './origin/origin-breakers.ts'
import { OriginSet } from './origin/origin-set.ts'
import { parseOptions, parseOriginsAlone } from './options/parse-options.ts'
import { proxyOptions, type ProxyOptions, type ProxyOverrides } from './proxy/proxy-options.ts'
import { RetryBudget } from './retry/retry-budget.ts'
import { upstreamStats, type UpstreamStats } from './stats.ts'
import { createDialer } from './websocket/dialer.ts'

/** One protected upstream. */
export interface Upstream {
  readonly name: string
  /** For `fetch`, `request`, `dispatch`. */
  readonly dispatcher: Dispatcher
  /** Options to register `@fastify/http-proxy` with. */
  proxyOptions(overrides?: ProxyOverrides): ProxyOptions
  stats(): UpstreamStats
  /**
   * Replaces the origins: no request is dropped, those that stay keep their connections, breakers and books. Throws
   * {@link UpstreamOptionsError} and changes nothing where one is malformed.
   */
  setOrigins(origins: UpstreamOptions['origins']): void
  /** Takes no more requests; the promise is kept when the last one has ended. */
  close(): Promise<void>
}

/** Creates an upstream, or throws {@link UpstreamOptionsError} with all that is wrong with the options. */
export function createUpstream(input: UpstreamOptions, dependencies?: UpstreamDeps): Upstream {
  const { options, origins: addresses } = parseOptions(input)
  const { name, timeouts, honorRetryAfter } = options
  const deps = resolveDeps(dependencies)
  const counters = new UpstreamCounters(name)
  const budget =
    options.retry === false && options.hedge === false ? undefined : new RetryBudget(options.budget)
  const breaker = upstreamBreaker(options, deps)

  const origins = new OriginSet(options, deps, new OriginBreakers(options, deps))
  const balancer = new Balancer(origins, options, deps)
  const dns =
    options.dns === false
      ? undefined
      : new DnsOrigins(addresses, options.dns, (list) => origins.replace(list))
  const health =
    options.health === false ? undefined : new HealthChecks(origins, options, options.health, deps)
  origins.replace(addresses)

  const latency = options.hedge === false ? undefined : new LatencyWindow(options.hedge.quantile)
  const scope = { upstream: name, breaker, honorRetryAfter, latency, now: deps.now }
  const admission = new Admission(scope, balancer, counters)
  const dispatcher = new UpstreamDispatcher({
    chain: createChain({ options, admission, latency, counters, budget, deps }),
    counters,
    totalMs: timeouts.totalMs,
    begin() {
      dns?.start()
      health?.start()
    },
    requested: () => budget?.deposit(deps.now()),
    async close() {
      dns?.stop()
      await Promise.all([health?.stop(), origins.close()])
    },
    async destroy(cause) {
      dns?.stop()
      await Promise.all([health?.stop(), origins.destroy(cause)])
    },
  })
  const dialer = createDialer({ options, admission, counters, begin: () => dispatcher.begin() })
  const base = addresses[0]?.address.url.origin ?? ''
  return {
    name,
    dispatcher,
    proxyOptions: (overrides) =>
      proxyOptions({ name, dispatcher, base, breaker: breaker?.name, dialer }, overrides),
    stats: () => upstreamStats(counters, origins.all, breaker?.state, budget, deps.now()),
    setOrigins(list) {
      const parsed = parseOriginsAlone(list)
      if (dns === undefined) origins.replace(parsed)
      else dns.replace(parsed)
    },
    close: () => dispatcher.close(),
  }
}
