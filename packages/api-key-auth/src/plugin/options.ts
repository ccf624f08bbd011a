import { ApiKeys, defaultMemory } from '../api-keys.ts'
import { environmentPattern } from '../keys/key-format.ts'
import { ApiKeyConfigurationError, isObject, ValueReader, type ConfigurationProblem } from '../problems.ts'
import type { ApiKeyStore } from '../stores/api-key-store.ts'
import type { KeyMemoryOptions } from '../verify/remembered-keys.ts'
import { defaultThrottle, type ThrottleOptions } from '../verify/bad-key-throttle.ts'
import { parseRouteRule, type RouteApiKey, type RouteRule } from './route-rule.ts'

export interface ApiKeyAuthOptions {
  /**
   * Where keys are: `staticKeys`, `fileKeys`, `redisKeys`, `memoryKeys`, or your own, which is closed with the app. Or
   * `app.apiKeys` of another app, for a second listener on the same keys; those stay that app's to close.
   */
  readonly store: ApiKeyStore | ApiKeys
  /** Header that carries the key. Default `x-api-key`; `false`: none. */
  readonly header?: string | false
  /** Whether `Authorization: Bearer <key>` (or `ApiKey <key>`) is read. Default true. */
  readonly bearer?: boolean
  /** Cookie that carries the key. Default `false`. Cookies travel by themselves: mind cross-site requests. */
  readonly cookie?: string | false
  /** Query parameter that carries the key. Default `false`. URLs end up in logs and histories. */
  readonly query?: string | false
  /** What is asked where a route says nothing: `true`, `false` or a rule. Default `false`. */
  readonly default?: RouteApiKey
  /** Named in `WWW-Authenticate`. Default `sluice`. */
  readonly realm?: string
  /** Part of each new key, and the only one whose keys are accepted: 1 to 16 lower-case letters and digits. Default `live`. */
  readonly environment?: string
  /** Secret of the server, 16 characters or more: keys are stored as HMAC-SHA-256 under it. Default none: SHA-256. */
  readonly pepper?: string
  /** Whether keys without the format of ours are looked up. Default: whether the store says that it has such keys. */
  readonly foreignKeys?: boolean
  /** Whether the upstream gets to see the key. Default false. */
  readonly forward?: boolean
  /** Whether the upstream is told `x-consumer-id`, `x-consumer-scopes` and `x-credential-id`. Default true. The client's own never get through. */
  readonly identityHeaders?: boolean
  /** How keys of a store over a network are remembered. */
  readonly memory?: Partial<KeyMemoryOptions>
  /** Slows down addresses that present bad keys; `false`: doesn't. Default 20 in a minute. */
  readonly throttle?: Partial<ThrottleOptions> | false
  /** How often uses of keys are noted in the store, in ms; `false`: never. Default 60000. */
  readonly lastUsedMs?: number | false
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

export interface ResolvedOptions {
  readonly store: ApiKeyStore | ApiKeys
  readonly header: string | false
  readonly bearer: boolean
  readonly cookie: string | false
  readonly query: string | false
  readonly default: RouteRule | false
  readonly realm: string
  readonly environment: string
  readonly pepper: string | undefined
  readonly foreignKeys: boolean | undefined
  readonly forward: boolean
  readonly identityHeaders: boolean
  readonly memory: KeyMemoryOptions
  readonly throttle: ThrottleOptions | false
  readonly lastUsedMs: number | false
  readonly now: () => number
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
const hour = 3_600_000

/** @throws ApiKeyConfigurationError with all that is wrong */
export function parseOptions(options: ApiKeyAuthOptions): ResolvedOptions {
  const problems: ConfigurationProblem[] = []
  const source = options as unknown as Record<string, unknown>
  const reader = new ValueReader(source, '', problems)
  reader.refuseOthers(optionNames)
  if (!(options.store instanceof ApiKeys) && typeof options.store?.findByHash !== 'function') {
    reader.report('store', options.store, 'a store such as staticKeys([...])')
  }
  const resolved: ResolvedOptions = {
    store: options.store,
    header: readName(reader, 'header', 'x-api-key'),
    bearer: reader.boolean('bearer') ?? true,
    cookie: readName(reader, 'cookie', false),
    query: readName(reader, 'query', false),
    default: parseRouteRule(options.default ?? false, 'default', problems),
    realm:
      reader.string('realm', 'printable ASCII without quotes', /^[\x20-\x21\x23-\x5b\x5d-\x7e]{0,64}$/) ??
      'sluice',
    environment:
      reader.string('environment', '1 to 16 lower-case letters and digits', environmentPattern) ?? 'live',
    pepper: readPepper(reader, options.pepper),
    foreignKeys: reader.boolean('foreignKeys'),
    forward: reader.boolean('forward') ?? false,
    identityHeaders: reader.boolean('identityHeaders') ?? true,
    memory: readMemory(options.memory, problems),
    throttle: options.throttle === false ? false : readThrottle(options.throttle, problems),
    lastUsedMs:
      options.lastUsedMs === false ? false : (reader.integer('lastUsedMs', 100, 24 * hour) ?? 60_000),
    now: options.now ?? Date.now,
  }
  if (!resolved.header && !resolved.bearer && !resolved.cookie && !resolved.query) {
    reader.report('header', resolved.header, 'at least one of header, bearer, cookie and query')
  }
  if (problems.length > 0) throw new ApiKeyConfigurationError('Options of API-key authentication', problems)
  return Object.freeze(resolved)
}

const optionNames: readonly (keyof ApiKeyAuthOptions)[] = [
  'store',
  'header',
  'bearer',
  'cookie',
  'query',
  'default',
  'realm',
  'environment',
  'pepper',
  'foreignKeys',
  'forward',
  'identityHeaders',
  'memory',
  'throttle',
  'lastUsedMs',
  'now',
]

function readName(reader: ValueReader, key: string, fallback: string | false): string | false {
  const value = reader.read(
    key,
    'a name, or false',
    (value): value is string | false => value === false || (typeof value === 'string' && token.test(value)),
  )
  if (value === undefined) return fallback
  return value !== false && key === 'header' ? value.toLowerCase() : value
}

function readPepper(reader: ValueReader, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length >= 16) return value
  reader.report(
    'pepper',
    typeof value === 'string' ? `${value.length} characters` : typeof value,
    '16 characters or more',
  )
  return undefined
}

function readMemory(value: unknown, problems: ConfigurationProblem[]): KeyMemoryOptions {
  const reader = section(value, 'memory', Object.keys(defaultMemory), problems)
  return Object.freeze({
    max: reader.integer('max', 1, 10_000_000) ?? defaultMemory.max,
    ttlMs: reader.integer('ttlMs', 0, hour) ?? defaultMemory.ttlMs,
    unknownMax: reader.integer('unknownMax', 1, 10_000_000) ?? defaultMemory.unknownMax,
    unknownTtlMs: reader.integer('unknownTtlMs', 0, hour) ?? defaultMemory.unknownTtlMs,
    graceMs: reader.integer('graceMs', 0, 24 * hour) ?? defaultMemory.graceMs,
    timeoutMs: reader.integer('timeoutMs', 1, 60_000) ?? defaultMemory.timeoutMs,
    retryMs: reader.integer('retryMs', 1, 60_000) ?? defaultMemory.retryMs,
  })
}

function readThrottle(value: unknown, problems: ConfigurationProblem[]): ThrottleOptions {
  const reader = section(value, 'throttle', Object.keys(defaultThrottle), problems)
  return Object.freeze({
    max: reader.integer('max', 1, 1_000_000) ?? defaultThrottle.max,
    windowMs: reader.integer('windowMs', 1, 24 * hour) ?? defaultThrottle.windowMs,
    addresses: reader.integer('addresses', 1, 1_000_000) ?? defaultThrottle.addresses,
  })
}

function section(
  value: unknown,
  path: string,
  known: readonly string[],
  problems: ConfigurationProblem[],
): ValueReader {
  if (value !== undefined && !isObject(value)) problems.push({ path, received: value, expected: 'an object' })
  const reader = new ValueReader(isObject(value) ? value : {}, path, problems)
  reader.refuseOthers(known)
  return reader
}
