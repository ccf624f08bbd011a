import { hostname } from 'node:os'
import type { Access } from './access/guard.ts'
import { checkOptions } from './check-options.ts'
import type { CircuitBreakerTest } from './live/test-run.ts'
import type { MetricsRegistry } from './metrics/registry.ts'

export interface BreakerStatsOptions {
  /** Where the JSON and control API is, or false for none. Default `/stats/circuit-breakers`. */
  readonly stats?: string | false
  /** Where its shorter form is, or false for none. Default `/api/v1/circuit-breakers`. */
  readonly alias?: string | false
  /** Where the dashboard is, or false for none. It reads `stats`. Default `/monitor`. */
  readonly dashboard?: string | false
  /** Where Prometheus metrics are, or false for none. Default `/metrics`. */
  readonly metrics?: string | false
  /** Who may look and who may act. Default: API keys with the scopes `stats:read` and `stats:write`. */
  readonly access?: Access
  /** Who may read the metrics. Default: as `access`. */
  readonly metricsAccess?: Access
  /** Further origins whose pages may act, such as `https://ops.example.com`. Default: none but our own. */
  readonly origins?: readonly string[]
  /** The request header that holds an API key; the dashboard's sign-in sends it. Default `x-api-key`. */
  readonly keyHeader?: string
  /** A registry of yours (prom-client 15, @prometheus-io/client); its metrics come before ours. Default: none. */
  readonly registry?: MetricsRegistry
  /** Whether requests of routes with a breaker are counted (`gateway_proxy_*`). Default true. */
  readonly proxyMetrics?: boolean
  /** Whether each transition is logged. Default true. */
  readonly logTransitions?: boolean
  /** What this instance is called on the dashboard. Default: host name and process id. */
  readonly instance?: string
  readonly live?: LiveOptions
  /** A service to try a breaker on; the dashboard then has a button for it. Default: none. */
  readonly test?: CircuitBreakerTest
}

export interface LiveOptions {
  /** Shortest time between two frames of counters, in ms, 100 to 60 000. Transitions are sent at once. Default 1 000. */
  readonly intervalMs?: number
  /** Dashboards at one time, 1 to 10 000; further ones poll. Default 100. */
  readonly maxViewers?: number
  /** Bytes that may wait for a slow dashboard before it is dropped, 16 384 to 1 073 741 824. Default 1 048 576. */
  readonly maxBufferedBytes?: number
  /** How long a dashboard may stay before it must show its key again, in ms, 1 000 to 86 400 000. Default 900 000. */
  readonly maxAgeMs?: number
}

/** The options in force: complete and frozen. */
export interface ResolvedOptions extends Omit<Required<BreakerStatsOptions>, 'registry' | 'test' | 'live'> {
  readonly registry: MetricsRegistry | undefined
  readonly test: CircuitBreakerTest | undefined
  readonly live: Readonly<Required<LiveOptions>>
}

/** @throws StatsOptionsError that names every bad option */
export function parseOptions(options: BreakerStatsOptions): ResolvedOptions {
  const access = options.access ?? { scopes: { read: ['stats:read'], write: ['stats:write'] } }
  const resolved: ResolvedOptions = Object.freeze({
    stats: options.stats ?? '/stats/circuit-breakers',
    alias: options.alias ?? '/api/v1/circuit-breakers',
    dashboard: options.dashboard ?? '/monitor',
    metrics: options.metrics ?? '/metrics',
    access,
    metricsAccess: options.metricsAccess ?? access,
    origins: options.origins ?? [],
    keyHeader: options.keyHeader ?? 'x-api-key',
    registry: options.registry,
    proxyMetrics: options.proxyMetrics ?? true,
    logTransitions: options.logTransitions ?? true,
    instance: options.instance ?? `${hostname()}:${process.pid}`,
    live: Object.freeze({
      intervalMs: options.live?.intervalMs ?? 1_000,
      maxViewers: options.live?.maxViewers ?? 100,
      maxBufferedBytes: options.live?.maxBufferedBytes ?? 1_048_576,
      maxAgeMs: options.live?.maxAgeMs ?? 900_000,
    }),
    test: options.test,
  })
  checkOptions(options, resolved)
  return resolved
}
