import type { RouteCacheOptions } from '@sluice/response-cache'
import type {
  BalanceOptions,
  BalancePolicy,
  DnsOptions,
  HealthOptions,
  HedgeOptions,
  RetryOptions,
  SlowStartOptions,
  TimeoutOptions,
} from '@sluice/upstream'

/** The gateway's configuration after it was read: defaults filled in, durations in ms, sizes in bytes. */
export interface GatewayConfig {
  server: ServerConfig
  /** A listener of its own for the operators' pages. Without it they are on the main one. */
  admin?: { host: string; port: number; access?: 'keys' | 'loopback' | 'open' }
  logging: { level: string; access: 'all' | 'errors' | 'off' }
  redis?: RedisConfig
  fleet?: boolean | FleetConfig
  auth?: AuthConfig
  rateLimit?: RateLimitConfig[] | false
  defaults: {
    circuitBreaker?: BreakerConfig | boolean
    retry?: RetryOptions | boolean
    timeouts?: TimeoutOptions
    responseCache?: CacheConfig | boolean
  }
  cache: { maxBytes: number; maxEntryBytes: number }
  groups: Record<string, { members: string[]; openRatio: number }>
  services: Record<string, ServiceConfig>
}

export interface ServerConfig {
  host: string
  port: number
  tls?: { cert: string; key: string }
  http2: boolean
  trustProxy: boolean | string | string[]
  bodyLimit: number
  drain: number
  requestTimeout: number
}

export interface RedisConfig {
  url?: string
  cluster?: string[]
  sentinels?: string[]
  name?: string
  username?: string
  password?: string
}

export interface FleetConfig {
  quorum?: number
  minVotes?: number
  instance?: string
  zone?: string
  prefix?: string
}

export interface AuthConfig {
  header: string
  environment: string
  pepper?: string
  forwardKey: boolean
  keys: KeyConfig[] | { file: string } | { redis: true }
  /** `API_KEY`: one key in plain text, made known to the gateway by its environment. */
  plainKey?: string
}

export interface KeyConfig {
  id: string
  hash: string
  consumer?: string
  name?: string
  scopes?: string[]
  expiresAt?: string
  notBefore?: string
  disabled?: boolean
  cidrs?: string[]
  rateLimit?: RateLimitConfig
  metadata?: Record<string, unknown>
}

export interface RateLimitConfig {
  max: number
  window: number
  by: 'client' | 'consumer' | 'address' | 'all'
  name?: string
  shadow?: boolean
}

/** The YAML form of the options of `@sluice/circuit-breaker`. */
export interface BreakerConfig {
  fallback?: FallbackConfig
  timeoutMs?: number
  [option: string]: unknown
}

export type FallbackConfig =
  | { type: 'cache' }
  | { type: 'static'; status?: number; headers?: Record<string, string>; body?: unknown }
  | { type: 'upstream'; origin: string }

/** The YAML form of the route options of `@sluice/response-cache`. */
export type CacheConfig = Pick<
  RouteCacheOptions,
  | 'defaultTtl'
  | 'ttl'
  | 'minTtl'
  | 'maxTtl'
  | 'statusTtl'
  | 'heuristicFraction'
  | 'staleWhileRevalidate'
  | 'staleIfError'
  | 'keepStale'
  | 'earlyRefresh'
  | 'coalesce'
  | 'shared'
  | 'key'
  | 'requestDirectives'
  | 'storeSetCookie'
  | 'dropHeaders'
> & { tags?: string[] }

export interface ServiceConfig {
  prefix: string
  stripPrefix: boolean
  upstream: string[]
  circuitBreaker?: BreakerConfig | boolean
  responseCache?: CacheConfig | boolean
  apiKey?: { scopes?: string[]; anyOf?: string[]; optional?: boolean } | boolean
  rateLimit?: RateLimitConfig[] | false
  retry?: RetryOptions | boolean
  timeouts?: TimeoutOptions
  balance?: BalancePolicy | BalanceOptions
  health?: HealthOptions
  hedge?: HedgeOptions | boolean
  outlier?: { maxEjected?: number } | boolean
  slowStart?: SlowStartOptions | boolean
  dns?: DnsOptions | boolean
  honorRetryAfter?: boolean
  tls?: { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean }
  http2?: boolean
  websocket: boolean
}
