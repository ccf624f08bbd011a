import type { Cluster, Redis } from 'ioredis'
import type { KeyStoreEvent } from '../stores/api-key-store.ts'

/**
 * Listens to what instances tell each other about keys, over a connection of its own (a client that subscribes can do
 * nothing else). A message that was sent while the connection was lost is lost: so when it is back, anything may have
 * changed, and that is what listeners are told.
 */
export class KeyMessages {
  private readonly redis: Redis | Cluster
  private readonly channel: string
  private readonly listeners = new Set<(event: KeyStoreEvent) => void>()
  private subscriber: Redis | Cluster | undefined
  private up = true

  constructor(redis: Redis | Cluster, channel: string) {
    this.redis = redis
    this.channel = channel
  }

  watch(listener: (event: KeyStoreEvent) => void): () => void {
    this.listeners.add(listener)
    this.subscriber ??= this.subscribe()
    return () => void this.listeners.delete(listener)
  }

  close(): void {
    this.listeners.clear()
    this.subscriber?.disconnect()
    this.subscriber = undefined
  }

  private subscribe(): Redis | Cluster {
    const subscriber = duplicate(this.redis)
    subscriber.on('message', (_channel: string, text: string) =>
      this.tell({ type: 'changed', hashes: readHashes(text) }),
    )
    subscriber.on('error', (error: Error) => this.lost(error))
    subscriber.on('close', () => this.lost(new Error('The connection for messages about API keys is closed')))
    // With each connection anew: a first subscription that failed is one that the client would not repeat.
    subscriber.on('ready', () => {
      subscriber.subscribe(this.channel).then(
        () => this.found(),
        (error: Error) => this.lost(error),
      )
    })
    return subscriber
  }

  private lost(error: Error): void {
    if (!this.up) return
    this.up = false
    this.tell({ type: 'degraded', error })
  }

  private found(): void {
    if (this.up) return
    this.up = true
    this.tell({ type: 'recovered' })
    this.tell({ type: 'changed' })
  }

  private tell(event: KeyStoreEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

/** A subscriber waits for its connection however long that takes: unlike requests, nobody waits for it. */
function duplicate(redis: Redis | Cluster): Redis | Cluster {
  const patient = { enableOfflineQueue: true, lazyConnect: false }
  if (redis.isCluster) return (redis as Cluster).duplicate([], { ...patient, shardedSubscribers: false })
  return (redis as Redis).duplicate({ ...patient, maxRetriesPerRequest: null })
}

function readHashes(text: string): string[] {
  return JSON.parse(text) as string[]
}
