import { randomBytes } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { CacheEntry } from '../entry.ts'
import type { Flight } from '../flights.ts'
import type { Invalidation } from '../invalidations.ts'
import { OptionReader } from '../options/option-reader.ts'
import { ResponseCacheOptionsError, type OptionProblem } from '../options/problems.ts'
import type { Lease, RemoteHost, RemoteTier, RemoteTierFactory } from '../remote.ts'
import type { RemoteStats } from '../stats.ts'
import type { Lookup, PurgeMode } from '../store.ts'
import type { Compression } from './entry-codec.ts'
import { Journal, parseInvalidation } from './journal.ts'
import { Leases, parseLanding } from './leases.ts'
import { cacheCommands, type CacheRedis } from './redis-commands.ts'
import { RedisGuard } from './redis-guard.ts'
import { RedisKeys } from './redis-keys.ts'
import { subscribe } from './redis-messages.ts'
import { RedisStore } from './redis-store.ts'

/** Options of the Redis tier. */
export interface RedisTierOptions {
  /** Caches with one namespace share their entries: letters, digits, `_`, `-`, `.`. Default `default`. */
  namespace?: string
  /** How long a request waits for Redis, ms, 1 to 10000. Default 50. */
  deadline?: number
  /** Compress bodies of at least 1 KB that gain by it. Default false. */
  compression?: Compression
  /** The body of one entry, bytes; a larger one stays in memory alone. Default 5 MiB. */
  maxEntryBytes?: number
  /** No entry lives longer in Redis, whatever its freshness, ms. Default seven days. */
  maxTtl?: number
}

interface Resolved {
  readonly namespace: string
  readonly deadlineMs: number
  readonly compression: Compression
  readonly maxEntryBytes: number
  readonly maxTtlMs: number
}

const DAY_MS = 86_400_000
const MIB = 1024 * 1024
const CHECK_MS = 1000

/**
 * The tier that instances share, on a client that the caller owns; it is duplicated once, for a subscriber. Give it to the
 * plugin as `redis`. Throws `ResponseCacheOptionsError`.
 */
export function redisTier(redis: Redis | Cluster, options: RedisTierOptions = {}): RemoteTierFactory {
  const resolved = parse(options)
  return (host) => new RedisTier(cacheCommands(redis), resolved, host)
}

class RedisTier implements RemoteTier {
  readonly #redis: CacheRedis
  readonly #guard: RedisGuard
  readonly #store: RedisStore
  readonly #journal: Journal
  readonly #leases: Leases
  readonly #check: NodeJS.Timeout
  readonly #unsubscribe: () => void
  readonly #settle = (): void => void this.#journal.settle(false)

  constructor(redis: CacheRedis, options: Resolved, host: RemoteHost) {
    const keys = new RedisKeys(options.namespace)
    const self = randomBytes(9).toString('base64url')
    const keepMs = options.maxTtlMs + DAY_MS
    this.#redis = redis
    this.#guard = new RedisGuard(redis, options.deadlineMs)
    this.#store = new RedisStore(redis, this.#guard, keys, host, options)
    this.#journal = new Journal(redis, this.#guard, keys, host, this.#store, self, keepMs)
    this.#leases = new Leases(redis, this.#guard, keys, host.waitMs)
    this.#unsubscribe = subscribe(redis, keys.channel, {
      message: (text) => this.#hear(text),
      subscribed: () => void this.#journal.settle(true),
    })
    this.#check = setInterval(this.#settle, CHECK_MS).unref()
    // The subscriber may be there first, and find nobody to read by.
    if (redis.status !== 'ready') redis.once('ready', this.#settle)
    if (redis.status === 'wait') redis.connect().catch(() => {})
  }

  get state(): RemoteStats['state'] {
    return this.#guard.ready && this.#journal.settled ? 'up' : 'down'
  }

  find(lookup: Lookup): Promise<CacheEntry | undefined> | undefined {
    return this.state === 'up' ? this.#store.find(lookup) : undefined
  }

  async put(lookup: Lookup, slot: string, entry: CacheEntry): Promise<void> {
    if (this.state === 'up') await this.#store.put(lookup, slot, entry)
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    return this.state === 'up' ? this.#store.get(key) : undefined
  }

  async set(key: string, entry: CacheEntry): Promise<void> {
    if (this.state === 'up') await this.#store.set(key, entry)
  }

  async delete(key: string): Promise<boolean> {
    return this.#store.delete(key)
  }

  invalidate(resource: string, mode: PurgeMode): Promise<void> {
    return this.#journal.tell({ scope: 'url', value: resource, mode })
  }

  note({ scope, value, mode }: Pick<Invalidation, 'scope' | 'value' | 'mode'>): Promise<void> {
    return this.#journal.tell({ scope, value, mode })
  }

  async lease(flight: Pick<Flight, 'resource' | 'place'>, wait: boolean): Promise<Lease> {
    return this.state === 'up' ? this.#leases.take(flight, wait) : { kind: 'none' }
  }

  stats(): RemoteStats {
    return {
      state: this.state,
      hits: this.#store.hits,
      errors: this.#guard.errors + this.#store.unreadable,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#check)
    this.#redis.off('ready', this.#settle)
    this.#unsubscribe()
  }

  /** What is none of ours is passed over. */
  #hear(text: string): void {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text) as Record<string, unknown>
    } catch {
      return
    }
    const invalidation = parseInvalidation(message)
    if (invalidation !== undefined) this.#journal.hear(invalidation)
    const landing = parseLanding(message)
    if (landing !== undefined) this.#leases.hear(landing.lease, landing.landing)
  }
}

function parse(options: RedisTierOptions): Resolved {
  const problems: OptionProblem[] = []
  const read = new OptionReader(options, 'redisTier', problems)
  const resolved: Resolved = {
    namespace: read.string('namespace', 'default', /^[\w.-]{1,64}$/),
    deadlineMs: read.integer('deadline', 50, { min: 1, max: 10_000 }),
    compression: read.custom('compression', false, "false, 'gzip' or 'brotli'", (value) =>
      value === false || value === 'gzip' || value === 'brotli' ? value : undefined,
    ),
    maxEntryBytes: read.integer('maxEntryBytes', 5 * MIB, { min: 1, max: 256 * MIB }),
    maxTtlMs: read.integer('maxTtl', 7 * DAY_MS, { min: 1000, max: 365 * DAY_MS }),
  }
  read.end()
  if (problems.length > 0) throw new ResponseCacheOptionsError(problems)
  return Object.freeze(resolved)
}
