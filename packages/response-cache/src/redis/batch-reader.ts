import type { CacheRedis } from './redis-commands.ts'
import { unavailable, type RedisGuard } from './redis-guard.ts'

/** In the order of the keys. */
export type Values = readonly (Buffer | null)[]

/**
 * Larger batches spare little more, and the first would wait for the last; where bodies are large, their bytes would no
 * longer be in the processor's cache when they are sent.
 */
const MAX_LOOKUPS = 4

interface Batch {
  readonly keys: string[]
  readonly askers: { readonly from: number; readonly settle: (values: Values | undefined) => void }[]
}

/**
 * Reads keys, those of all look-ups of one turn of the event loop with one command: a command costs this process several
 * times what its keys do. In a cluster, where one command's keys must lie in one slot, each look-up has its own.
 */
export class BatchReader {
  readonly #redis: CacheRedis
  readonly #guard: RedisGuard
  readonly #maxLookups: number
  #batch: Batch | undefined

  constructor(redis: CacheRedis, guard: RedisGuard) {
    this.#redis = redis
    this.#guard = guard
    this.#maxLookups = redis.isCluster ? 1 : MAX_LOOKUPS
  }

  /** Their values; undefined where Redis cannot be asked. */
  read(keys: readonly string[]): Promise<Values | undefined> {
    return new Promise((settle) => {
      const batch = this.#batch ?? this.#begin()
      batch.askers.push({ from: batch.keys.length, settle })
      batch.keys.push(...keys)
      if (batch.askers.length === this.#maxLookups) this.#send(batch)
    })
  }

  #begin(): Batch {
    const batch: Batch = { keys: [], askers: [] }
    this.#batch = batch
    if (this.#maxLookups > 1) setImmediate(() => this.#send(batch))
    return batch
  }

  #send(batch: Batch): void {
    // Sent before, because it was full.
    if (this.#batch !== batch) return
    this.#batch = undefined
    const { keys, askers } = batch
    void this.#guard
      .run(() => this.#redis.mgetBuffer(keys))
      .then((values) => {
        for (const [at, { from, settle }] of askers.entries()) {
          settle(values === unavailable ? undefined : values.slice(from, askers[at + 1]?.from))
        }
      })
  }
}
