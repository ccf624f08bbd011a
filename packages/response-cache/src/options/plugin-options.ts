import type { Cluster, Redis } from 'ioredis'
import { redisTier } from '../redis/redis-tier.ts'
import type { RemoteTierFactory } from '../remote.ts'
import { isToken } from '../rules/structured-fields.ts'
import { OptionReader } from './option-reader.ts'
import { ResponseCacheOptionsError, type OptionProblem } from './problems.ts'
import { readRouteOptions, type RouteCacheOptions, type RouteRules } from './route-options.ts'

/** Options of the plugin; those of `RouteCacheOptions` are the defaults of every route. */
export interface ResponseCacheOptions extends RouteCacheOptions {
  /** This cache's name in `Cache-Status`, a token. Default `sluice`. */
  name?: string
  memory?: {
    /** All entries of the memory tier together, with headers and keys, bytes, at least 1 MiB. Default 64 MiB. */
    maxBytes?: number
    /** One entry, bytes, at most `maxBytes`. Default 1 MiB. */
    maxEntryBytes?: number
  }
  /**
   * The tier that instances share: an ioredis client, which stays the caller's, or what `redisTier` makes of one with
   * options. Default: none.
   */
  redis?: Redis | Cluster | RemoteTierFactory
  /** How long a request waits for another's fetch of the same, ms, 1 to 60000. Default 5000. */
  coalesceWait?: number
  /** Send `X-Cache` and `X-Cache-Source`. Default true. */
  xCache?: boolean
  /** The clock, epoch ms: for tests. Default `Date.now`. */
  now?: () => number
}

/** The options, parsed. */
export interface ResolvedOptions {
  readonly name: string
  readonly memory: { readonly maxBytes: number; readonly maxEntryBytes: number }
  readonly redis: RemoteTierFactory | undefined
  readonly coalesceWaitMs: number
  readonly xCache: boolean
  readonly now: () => number
  /** What every route starts from, as given. */
  readonly routeDefaults: RouteCacheOptions
  /** The same, parsed: for keys that belong to no route. */
  readonly defaults: RouteRules
}

/** What `register` itself takes. */
const OF_REGISTER = ['prefix', 'logLevel', 'logSerializers']
const OF_THE_PLUGIN: ReadonlySet<string> = new Set([
  ...OF_REGISTER,
  'name',
  'memory',
  'redis',
  'coalesceWait',
  'xCache',
  'now',
])
const MIB = 1024 * 1024

/** Parses the options, or throws one error that lists all that is wrong with them. */
export function parseOptions(options: ResponseCacheOptions): ResolvedOptions {
  const problems: OptionProblem[] = []
  const read = new OptionReader(options, 'responseCache', problems)
  const memory = read.nested('memory')
  const maxBytes = memory.integer('maxBytes', 64 * MIB, { min: MIB })
  const resolved: ResolvedOptions = {
    name: read.custom('name', 'sluice', 'a token', (value) =>
      typeof value === 'string' && isToken(value) ? value : undefined,
    ),
    memory: {
      maxBytes,
      maxEntryBytes: memory.integer('maxEntryBytes', Math.min(MIB, maxBytes), { min: 1, max: maxBytes }),
    },
    redis: read.custom('redis', undefined, 'an ioredis client, or what redisTier returns', readRedis),
    coalesceWaitMs: read.integer('coalesceWait', 5000, { min: 1, max: 60_000 }),
    xCache: read.boolean('xCache', true),
    now: read.custom('now', Date.now, 'a function', (value) =>
      typeof value === 'function' ? (value as () => number) : undefined,
    ),
    routeDefaults: routePart(options),
    defaults: readRouteOptions(read),
  }
  memory.end()
  for (const name of OF_REGISTER) read.has(name)
  read.end()
  if (problems.length > 0) throw new ResponseCacheOptionsError(problems)
  return Object.freeze(resolved)
}

function readRedis(value: unknown): RemoteTierFactory | undefined {
  if (typeof value === 'function') return value as RemoteTierFactory
  const isClient = typeof (value as Partial<Redis> | null)?.defineCommand === 'function'
  return isClient ? redisTier(value as Redis | Cluster) : undefined
}

/** What is left for the routes. */
function routePart(options: ResponseCacheOptions): RouteCacheOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !OF_THE_PLUGIN.has(name)))
}
