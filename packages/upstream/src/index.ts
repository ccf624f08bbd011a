export { createUpstream, type Upstream } from './upstream.ts'
export type {
  BackoffOptions,
  BalanceOptions,
  BalancePolicy,
  BudgetOptions,
  DnsOptions,
  DnsResolve,
  HealthOptions,
  HedgeOptions,
  OriginInput,
  OriginOptions,
  OutlierOptions,
  PoolOptions,
  RetryOptions,
  SlowStartOptions,
  TimeoutOptions,
  TlsOptions,
  UpstreamOptions,
} from './options/options.ts'
export type { OriginStats, UpstreamStats } from './stats.ts'
export type { UpstreamDeps } from './deps.ts'
export { kUpstreamContext, type UpstreamContext } from './context.ts'
export {
  UpstreamError,
  UpstreamOptionsError,
  UpstreamTimeoutError,
  type OptionProblem,
  type UpstreamErrorCode,
  type UpstreamTimeoutCode,
} from './errors.ts'
export { directProxy, type DirectProxyOptions } from './proxy/direct-proxy.ts'
export { passThrough } from './proxy/pass-through.ts'
export type { ProxyOptions, ProxyOverrides } from './proxy/proxy-options.ts'
