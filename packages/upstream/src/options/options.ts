import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { BreakerOptions, BreakerRegistry, CircuitBreaker } from '@sluice/circuit-breaker'

/** Options of {@link createUpstream}. Durations are in ms. */
export interface UpstreamOptions {
  /** Its name in errors, stats and the names of its breakers. */
  name: string
  /** One origin or several; see {@link OriginOptions}. */
  origins: OriginInput | readonly OriginInput[]
  /**
   * The breaker that each attempt passes: one of yours, options for a new one, or `false` for none.
   * Default: a new one with the breaker's defaults.
   */
  breaker?: CircuitBreaker | BreakerOptions | false
  /** Where breakers are made, so that stats and routes see them. Default: they are private to this upstream. */
  registry?: BreakerRegistry
  timeouts?: TimeoutOptions
  /** Default `false`: a request is sent once. */
  retry?: RetryOptions | false
  /** Default `false`: no second request beside a slow first one. */
  hedge?: HedgeOptions | false
  /** How an origin is picked. Default `'round-robin'`. */
  balance?: BalancePolicy | BalanceOptions
  /** Ejection of failing origins where there are several. Default: on. */
  outlier?: OutlierOptions | false
  /** Active health checks. Default `false`. */
  health?: HealthOptions | false
  /** Less traffic at first for an origin that is new or has come back. Default `false`. */
  slowStart?: SlowStartOptions | false
  /** Resolve the origins' host names here and balance over all their addresses. Default `false`. */
  dns?: DnsOptions | boolean
  /** TLS towards the origins. Certificates are verified unless told otherwise. */
  tls?: TlsOptions
  /**
   * `true` offers HTTP/2 to `https` origins (ALPN); `'prior-knowledge'` does, and speaks nothing else to `http` ones
   * (RFC 9113 §3.3). WebSockets stay with HTTP/1.1. Default `false`.
   */
  http2?: boolean | 'prior-knowledge'
  pool?: PoolOptions
  /**
   * Whether a 503 with `Retry-After` keeps the breaker open for that long (at most 60 s). One answer then stops all
   * traffic, so trust the upstream before turning it on. Default `false`. A 429 never counts against the upstream.
   */
  honorRetryAfter?: boolean
}

/** `http://host:port`, `https://host`, `unix:/run/orders.sock`, `https+unix://%2Frun%2Forders.sock`. */
export type OriginInput = string | URL | OriginOptions

export interface OriginOptions {
  origin: string | URL
  /** Share of the traffic relative to the others, above 0 to 1 000. Default 1. */
  weight?: number
}

/** 0 turns a timeout off. */
export interface TimeoutOptions {
  /** From the start of an attempt until its request can be written, waiting for the pool included. Default 1 000. */
  connectMs?: number
  /** From the request written to the response headers. Time in which an upload waits for its sender does not count. Default 10 000. */
  headersMs?: number
  /** Longest silence within a response body. Default 30 000. */
  bodyMs?: number
  /** For the whole request, retries and body included. Default 0, off. */
  totalMs?: number
}

export interface RetryOptions {
  /** How often a request is sent again after its first attempt, 0 to 10. Default 1. */
  attempts?: number
  /**
   * Methods that may be sent twice. Default: the idempotent ones of RFC 9110 §9.2.2, GET, HEAD, OPTIONS, TRACE, PUT, DELETE.
   * A request of which nothing was sent (connection refused, no connection in time) is retried whatever its method.
   */
  methods?: readonly string[]
  /** Default 502, 503, 504. */
  statuses?: readonly number[]
  backoff?: BackoffOptions
  budget?: BudgetOptions
  /** Wait as long as `Retry-After` says, and do not retry where that is longer than `backoff.maxMs`. Default true. */
  respectRetryAfter?: boolean
}

/** The n-th retry waits between 0 and `min(maxMs, baseMs × 2ⁿ⁻¹)` ("full jitter"). */
export interface BackoffOptions {
  /** At least 1. Default 50. */
  baseMs?: number
  /** At least `baseMs`. Default 5 000. */
  maxMs?: number
  /** `'full'` (default) spreads the waits, `'none'` does not. */
  jitter?: 'full' | 'none'
}

/** Of the last 10 s: at most `max(ratio × requests, minPerSecond × 10)` retries and hedges together. */
export interface BudgetOptions {
  /** 0 to 1. Default 0.2. */
  ratio?: number
  /** What is allowed however few requests there are, 0 or more. Default 10. */
  minPerSecond?: number
}

export interface HedgeOptions {
  /** The share of requests that are answered before a second one is sent, 0.5 to 0.999. Default 0.95. */
  quantile?: number
  /** The second one is never sent earlier than this. Default 10. */
  minDelayMs?: number
}

export type BalancePolicy = 'round-robin' | 'least-requests' | 'hash'

export interface BalanceOptions {
  policy: BalancePolicy
  /** What is hashed (`hash` alone): `'consumer'`, `'header:<name>'` or `'cookie:<name>'`. Default `'consumer'`. */
  by?: string
}

export interface OutlierOptions {
  /** The share of origins that may be out at one time, 0 to 1; at least one may unless it is 0. Default 0.5. */
  maxEjected?: number
  /** Options of each origin's own breaker. Default: the breaker's defaults with 5 consecutive failures. */
  breaker?: BreakerOptions
}

export interface HealthOptions {
  /** Default `/`. */
  path?: string
  /** Default 10 000. */
  intervalMs?: number
  /** Default 2 000. */
  timeoutMs?: number
  /** Good answers in a row that bring an origin back, 1 or more. Default 2. */
  healthyAfter?: number
  /** Bad answers in a row that take it out, 1 or more. Default 3. */
  unhealthyAfter?: number
  /** Statuses that are good. Default 200 to 399. */
  statuses?: readonly number[]
}

/** The share of its weight grows from `floor` to 1. Has no effect on `hash`, whose keys must stay where they are. */
export interface SlowStartOptions {
  /** Default 30 000. */
  durationMs?: number
  /** Above 0 to 1. Default 0.1. */
  floor?: number
}

export interface DnsOptions {
  /** A name is not asked for again sooner than this, whatever its TTL. Default 1 000. */
  minTtlMs?: number
  /** Nor later than this. Default 30 000. */
  maxTtlMs?: number
  /** Default: A and AAAA records by `dns.Resolver`, and `dns.lookup` where there are none, as for names of `/etc/hosts`. */
  resolve?: DnsResolve
}

/** Resolves a name to addresses; `ttlMs` is how long they hold. */
export type DnsResolve = (hostname: string) => Promise<{ addresses: readonly string[]; ttlMs: number }>

export interface TlsOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx'> {
  /** The name in the certificate. Default: the origin's host. */
  servername?: string
  /** `false` accepts any certificate. Default true. */
  rejectUnauthorized?: boolean
}

export interface PoolOptions {
  /** Connections to one origin, 1 or more. Default: no limit. */
  connections?: number
  /** How long an idle connection is kept where the origin does not say. Default 4 000. */
  keepAliveMs?: number
  /** Longest response header block. Default 16 384. */
  maxHeaderBytes?: number
}

/** {@link TlsOptions} with what was read of them. */
export type ResolvedTls = Readonly<TlsOptions & { secureContext?: SecureContext }>

/** {@link TimeoutOptions}, complete. */
export type ResolvedTimeouts = Readonly<Required<TimeoutOptions>>

export interface ResolvedRetry {
  readonly attempts: number
  readonly methods: ReadonlySet<string>
  readonly statuses: ReadonlySet<number>
  readonly backoff: Readonly<Required<BackoffOptions>>
  readonly respectRetryAfter: boolean
}

export interface ResolvedBalance {
  readonly policy: BalancePolicy
  readonly by: { readonly from: 'consumer' } | { readonly from: 'header' | 'cookie'; readonly name: string }
}

export type ResolvedHealth = Readonly<Required<Omit<HealthOptions, 'statuses'>>> & {
  readonly statuses: ReadonlySet<number> | undefined
}

/** The options as they are in force: complete and frozen. Origins are apart, for they can be replaced. */
export interface ResolvedUpstreamOptions {
  readonly name: string
  /** Undefined: a registry's with that name whatever its options, else a new one. */
  readonly breaker: CircuitBreaker | BreakerOptions | false | undefined
  readonly registry: BreakerRegistry | undefined
  readonly timeouts: ResolvedTimeouts
  readonly retry: ResolvedRetry | false
  readonly budget: Readonly<Required<BudgetOptions>>
  readonly hedge: Readonly<Required<HedgeOptions>> | false
  readonly balance: ResolvedBalance
  readonly outlier: { readonly maxEjected: number; readonly breaker: BreakerOptions } | false
  readonly health: ResolvedHealth | false
  readonly slowStart: Readonly<Required<SlowStartOptions>> | false
  readonly dns:
    | (Readonly<Omit<DnsOptions, 'resolve'>> &
        Required<Omit<DnsOptions, 'resolve'>> & { readonly resolve: DnsResolve | undefined })
    | false
  readonly tls: ResolvedTls
  readonly http2: boolean | 'prior-knowledge'
  readonly pool: {
    readonly connections: number | null
    readonly keepAliveMs: number
    readonly maxHeaderBytes: number
  }
  readonly honorRetryAfter: boolean
}
