import type { Invalidation } from '../invalidations.ts'
import type { RemoteHost } from '../remote.ts'
import type { PurgeMode } from '../store.ts'
import type { CacheRedis } from './redis-commands.ts'
import { unavailable, type RedisGuard } from './redis-guard.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisStore } from './redis-store.ts'

/** Noted invalidations beyond these are widened to all. */
const MAX_MEMBERS = 10_000

/** Invalidations that could not be told yet; beyond these, everything is purged once Redis is back. */
const MAX_UNTOLD = 1000

/** An invalidation on its way between instances. `url` concerns one resource, and is not kept for those that come later. */
interface Told {
  readonly scope: Invalidation['scope'] | 'url'
  readonly value: string
  readonly mode: PurgeMode
}

interface Message extends Told {
  readonly from: string
  /** The stamp before this one. */
  readonly after: number
  readonly stamp: number
}

/**
 * What all instances have purged, in one order. Each tells the others as it purges; each message names the one before it,
 * and once a second and after every connection the latest is compared with what was heard. So an instance learns when it
 * has missed something, and forgets what it has in memory: Redis has it still, and notes there tell what of it is good.
 */
export class Journal {
  readonly #redis: CacheRedis
  readonly #guard: RedisGuard
  readonly #keys: RedisKeys
  readonly #host: RemoteHost
  readonly #store: RedisStore
  readonly #self: string
  readonly #keepMs: number
  readonly #untold = new Map<string, Told>()
  /** Whether all that is noted has been read. */
  #current = false
  /** The latest stamp heard. */
  #heard = 0
  /** A stamp in Redis that is later: its message may still be on its way. */
  #unheard: number | undefined
  #settling: Promise<void> | undefined

  constructor(
    redis: CacheRedis,
    guard: RedisGuard,
    keys: RedisKeys,
    host: RemoteHost,
    store: RedisStore,
    self: string,
    keepMs: number,
  ) {
    this.#redis = redis
    this.#guard = guard
    this.#keys = keys
    this.#host = host
    this.#store = store
    this.#self = self
    this.#keepMs = keepMs
  }

  /** Whether all is known that was purged, and all is told: before, what lies in Redis cannot be trusted. */
  get settled(): boolean {
    return this.#current && this.#untold.size === 0
  }

  /** Tells everyone; if Redis cannot be reached, as soon as it can. */
  async tell(told: Told): Promise<void> {
    if (await this.#send(told)) return
    if (this.#untold.size < MAX_UNTOLD) this.#untold.set(JSON.stringify(told), told)
    else {
      this.#untold.clear()
      this.#untold.set('all', { scope: 'all', value: '', mode: 'hard' })
    }
  }

  hear({ from, scope, value, mode, after, stamp }: Message): void {
    // One that comes late has been read already: it is carried out again, and opens no gap.
    const late = stamp <= this.#heard
    const gap = this.#current && !late && after !== this.#heard
    if (!late) this.#heard = stamp
    if (scope !== 'url') this.#host.invalidations.note({ scope, value, mode, stamp, atMs: this.#host.now() })
    // What this instance purged itself it has carried out already; since then, newer may have been stored.
    else if (from !== this.#self) this.#host.invalidated(value, mode)
    if (!gap) return
    this.#miss()
    void this.settle(false)
  }

  /** Reads what was missed, tells what is untold. `interrupted`: messages may have been lost since the last reading. */
  settle(interrupted: boolean): Promise<void> {
    this.#settling ??= this.#settle(interrupted).finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  async #settle(interrupted: boolean): Promise<void> {
    for (const [key, told] of this.#untold) {
      if (!(await this.#send(told))) return
      this.#untold.delete(key)
    }
    const answer = await this.#guard.run(() => this.#redis.get(this.#keys.latest))
    if (answer === unavailable) return
    const latest = Number(answer ?? 0)
    const heard = this.#heard
    const behind = latest !== heard
    // One that is on its way at this moment has been heard a second later.
    if (this.#current && behind && (interrupted || latest === this.#unheard)) this.#miss()
    this.#unheard = behind ? latest : undefined
    if (this.#current || !(await this.#read())) return
    if (this.#heard === heard) this.#heard = latest
    this.#current = true
  }

  #miss(): void {
    this.#current = false
    this.#host.missed()
  }

  async #read(): Promise<boolean> {
    const noted = await this.#guard.run(() =>
      this.#redis.zrangebyscore(this.#keys.log, '-inf', '+inf', 'WITHSCORES'),
    )
    if (noted === unavailable) return false
    const atMs = this.#host.now()
    for (let at = 0; at < noted.length; at += 2) {
      const invalidation = parseMember(noted[at] ?? '')
      if (invalidation !== undefined) {
        this.#host.invalidations.note({ ...invalidation, stamp: Number(noted[at + 1]), atMs })
      }
    }
    return true
  }

  async #send({ scope, value, mode }: Told): Promise<boolean> {
    if (scope === 'url' && !(await this.#store.tryInvalidate(value, mode))) return false
    const stamp = await this.#guard.run(() =>
      this.#redis.sluiceNoteInvalidation(
        this.#keys.latest,
        this.#keys.log,
        this.#keys.channel,
        scope === 'url' ? '' : `${mode}|${scope}|${value}`,
        JSON.stringify({ from: this.#self, scope, value, mode }),
        MAX_MEMBERS,
        this.#keepMs,
      ),
    )
    return stamp !== unavailable
  }
}

/** A message of another instance, or of ourselves; undefined for anything else. */
export function parseInvalidation(message: Record<string, unknown>): Message | undefined {
  const { from, scope, value, mode, after, stamp } = message
  if (typeof from !== 'string' || typeof value !== 'string') return undefined
  if (typeof after !== 'number' || typeof stamp !== 'number') return undefined
  if (mode !== 'hard' && mode !== 'soft') return undefined
  return scope === 'all' || scope === 'tag' || scope === 'prefix' || scope === 'url'
    ? { from, scope, value, mode, after, stamp }
    : undefined
}

function parseMember(member: string): Pick<Invalidation, 'scope' | 'value' | 'mode'> | undefined {
  const [, mode, scope, value = ''] = /^(hard|soft)\|(all|tag|prefix)\|(.*)$/s.exec(member) ?? []
  if (mode === undefined || scope === undefined) return undefined
  return { mode: mode as PurgeMode, scope: scope as Invalidation['scope'], value }
}
