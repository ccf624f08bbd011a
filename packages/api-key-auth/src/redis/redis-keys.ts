import type { Cluster, Redis } from 'ioredis'
import { KeyStoreUnavailableError } from '../errors.ts'
import { freezeDeep } from '../keys/key-attributes.ts'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import { ApiKeyConfigurationError } from '../problems.ts'
import type { ApiKeyStore } from '../stores/api-key-store.ts'
import { keyCommands, type KeyCommands } from './key-commands.ts'
import { KeyMessages } from './key-messages.ts'

export interface RedisKeysOptions {
  /** First part of every key and of the channel. Default `sluice:keys`. */
  readonly prefix?: string
  /** Whether the store holds keys made elsewhere, without the format of ours. Default false. */
  readonly foreignKeys?: boolean
  /** Whether to listen to other instances, over a connection of its own. Default true; a command line needs no news. */
  readonly follow?: boolean
}

const usesTtlMs = 400 * 86_400_000

/**
 * Keys in Redis, for any number of instances. Works with a single Redis, Sentinel and Cluster: all keys have one hash tag.
 *
 * The client stays the caller's. Records are data and stay until they are removed; all else here ends by itself.
 */
export function redisKeys(redis: Redis | Cluster, options: RedisKeysOptions = {}): ApiKeyStore {
  const prefix = options.prefix ?? 'sluice:keys'
  if (!/^[^{}\s]{1,64}$/.test(prefix)) {
    throw new ApiKeyConfigurationError('Keys in Redis', [
      { path: 'prefix', received: prefix, expected: '1 to 64 characters without braces and spaces' },
    ])
  }
  return new RedisKeys(redis, prefix, options)
}

class RedisKeys implements ApiKeyStore {
  readonly foreignKeys: boolean
  private readonly redis: Redis | Cluster
  private readonly commands: KeyCommands
  private readonly messages: KeyMessages
  private readonly follow: boolean
  private readonly channel: string
  private readonly records: string
  private readonly hashes: string
  private readonly used: string
  private readonly consumers: string

  constructor(redis: Redis | Cluster, prefix: string, options: RedisKeysOptions) {
    this.redis = redis
    this.commands = keyCommands(redis)
    this.foreignKeys = options.foreignKeys ?? false
    this.follow = options.follow ?? true
    this.channel = `${prefix}:v1:changes`
    this.messages = new KeyMessages(redis, this.channel)
    this.records = `{${prefix}:v1}:records`
    this.hashes = `{${prefix}:v1}:hashes`
    this.used = `{${prefix}:v1}:used`
    this.consumers = `{${prefix}:v1}:consumer:`
  }

  async findByHash(hash: string): Promise<ApiKeyRecord | undefined> {
    return decode(await answered(this.commands.sluiceFindKey(this.records, this.hashes, hash)))
  }

  async get(id: string): Promise<ApiKeyRecord | undefined> {
    const [json, used] = await answered(
      Promise.all([this.redis.hget(this.records, id), this.redis.hget(this.used, id)]),
    )
    return withUse(decode(json), used)
  }

  async list(filter?: { readonly consumer?: string }): Promise<ApiKeyRecord[]> {
    const records = await answered(
      filter?.consumer === undefined ? this.scan() : this.ofConsumer(filter.consumer),
    )
    return records.sort((a, b) => a.createdAt - b.createdAt)
  }

  async put(record: ApiKeyRecord): Promise<boolean> {
    const { lastUsedAt: _lastUsedAt, ...stored } = record
    const written = await answered(
      this.commands.sluicePutKey(
        this.records,
        this.hashes,
        this.consumers + record.consumer,
        record.id,
        JSON.stringify(stored),
        record.revision,
        this.channel,
        record.hash,
        record.previous?.hash ?? '',
      ),
    )
    return written === 1
  }

  async remove(id: string): Promise<boolean> {
    const record = await this.get(id)
    if (record === undefined) return false
    const consumer = this.consumers + record.consumer
    const { records, hashes, used, channel } = this
    return (await answered(this.commands.sluiceRemoveKey(records, hashes, consumer, used, id, channel))) === 1
  }

  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    if (uses.size === 0) return
    await answered(this.commands.sluiceTouchKeys(this.records, this.used, usesTtlMs, ...[...uses].flat()))
  }

  watch(listener: Parameters<ApiKeyStore['watch']>[0]): () => void {
    return this.follow ? this.messages.watch(listener) : () => {}
  }

  close(): void {
    this.messages.close()
  }

  /** In steps, so that Redis serves others in between. */
  private async scan(): Promise<ApiKeyRecord[]> {
    const found = new Map<string, ApiKeyRecord | undefined>()
    let cursor = '0'
    do {
      const [next, pairs] = await this.redis.hscan(this.records, cursor, 'COUNT', 500)
      for (let index = 0; index + 1 < pairs.length; index += 2)
        found.set(pairs[index] ?? '', decode(pairs[index + 1]))
      cursor = next
    } while (cursor !== '0')
    return this.withUses([...found.values()])
  }

  private async ofConsumer(consumer: string): Promise<ApiKeyRecord[]> {
    const ids = await this.redis.smembers(this.consumers + consumer)
    if (ids.length === 0) return []
    return this.withUses((await this.redis.hmget(this.records, ...ids)).map(decode))
  }

  private async withUses(records: (ApiKeyRecord | undefined)[]): Promise<ApiKeyRecord[]> {
    const uses = await this.redis.hgetall(this.used)
    return records.flatMap((record) => withUse(record, uses[record?.id ?? '']) ?? [])
  }
}

/** An answer, or the one error that callers know what to do with. */
async function answered<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (cause) {
    throw new KeyStoreUnavailableError(1000, { cause })
  }
}

function decode(json: string | null | undefined): ApiKeyRecord | undefined {
  return json === null || json === undefined ? undefined : freezeDeep(JSON.parse(json) as ApiKeyRecord)
}

function withUse(
  record: ApiKeyRecord | undefined,
  used: string | null | undefined,
): ApiKeyRecord | undefined {
  if (record === undefined || used === null || used === undefined) return record
  return Object.freeze({ ...record, lastUsedAt: Number(used) })
}
