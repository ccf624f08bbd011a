import type {
  FleetCommand,
  FleetListener,
  FleetReply,
  FleetStore,
  FleetSubscription,
  FleetVerdict,
  PastVerdict,
  Standing,
} from '../fleet/fleet-store.ts'
import { FleetKeys } from './fleet-keys.ts'
import { FleetScripts } from './fleet-scripts.ts'
import { createSubscriber, keyPrefixOf, type RedisClient } from './redis-client.ts'

/** A fleet's decisions in Redis: a single server, Sentinel or Cluster. */
export class RedisFleetStore implements FleetStore {
  readonly shards: number
  readonly #redis: RedisClient
  readonly #keys: readonly FleetKeys[]
  readonly #scripts = new FleetScripts()

  constructor(redis: RedisClient, prefix: string, shards: number) {
    this.#redis = redis
    this.shards = shards
    this.#keys = Array.from({ length: shards }, (_, shard) => new FleetKeys(prefix, shard))
  }

  /** Nothing is sent while there is no connection: what waits in the client's queue would come too late. */
  async run(shard: number, command: FleetCommand): Promise<FleetReply> {
    this.#demandConnection()
    const keys = this.#keys[shard]!.all('breaker' in command ? command.breaker : '')
    return JSON.parse(await this.#scripts.run(this.#redis, keys, command)) as FleetReply
  }

  subscribe(listener: FleetListener): FleetSubscription {
    const redis = this.#redis
    const prefix = keyPrefixOf(redis)
    const channels = new Map(this.#keys.map(({ channel }, shard) => [prefix + channel, shard]))
    const subscriber = createSubscriber(redis)
    const hear = (channel: string, text: string): void => {
      const shard = channels.get(channel)
      const verdict = shard === undefined ? undefined : parseVerdict(text)
      if (shard !== undefined && verdict !== undefined) listener.verdict(shard, verdict)
    }
    const found = (): void => listener.found()
    const lost = (): void => listener.lost('the connection to Redis is closed')
    subscriber.on('message', hear)
    subscriber.on('smessage', hear)
    // It connects again by itself; an error that nobody hears would be printed.
    subscriber.on('error', () => {})
    subscriber.on('close', lost)
    // Said again after each connection: the reply tells from when on nothing is missed.
    subscriber.on('ready', () => void subscribeAll(redis.isCluster).then(found, () => {}))
    redis.on('ready', found)
    redis.on('close', lost)
    const subscribeAll = async (sharded: boolean): Promise<void> => {
      if (sharded) await Promise.all([...channels.keys()].map((channel) => subscriber.ssubscribe(channel)))
      else await subscriber.subscribe(...channels.keys())
    }
    return {
      close: () => {
        redis.off('ready', found)
        redis.off('close', lost)
        subscriber.disconnect()
      },
    }
  }

  async history(shard: number, count: number): Promise<PastVerdict[]> {
    this.#demandConnection()
    const entries = await this.#redis.call('XREVRANGE', [this.#keys[shard]!.log, '+', '-', 'COUNT', count])
    return (entries as [id: string, fields: string[]][]).flatMap(([id, fields]) => {
      const verdict = parseVerdict(fields[1] ?? '')
      return verdict === undefined ? [] : [{ ...verdict, at: Number.parseInt(id, 10) }]
    })
  }

  async standings(shard: number): Promise<Standing[]> {
    this.#demandConnection()
    const text = await this.#scripts.run(this.#redis, this.#keys[shard]!.all(''), { type: 'standings' })
    const { now, standings } = JSON.parse(text) as { now: number; standings: StoredStanding[] }
    return standings.map(({ instance, zone, mode, dissent = [], at }) => {
      return { instance, zone, mode, dissent, heardMs: now - at }
    })
  }

  #demandConnection(): void {
    if (this.#redis.status !== 'ready') throw new Error(`Redis is not connected (${this.#redis.status})`)
  }
}

/** As `lua/beat.lua` keeps it: an empty list is left out. */
interface StoredStanding extends Omit<Standing, 'heardMs' | 'dissent'> {
  readonly at: number
  readonly dissent?: Standing['dissent']
}

/** Undefined for what is none: others may use the channel, too. */
function parseVerdict(text: string): FleetVerdict | undefined {
  try {
    const verdict = JSON.parse(text) as FleetVerdict
    return typeof verdict.breaker === 'string' && Number.isFinite(verdict.epoch) ? verdict : undefined
  } catch {
    return undefined
  }
}
