import type { Cluster, Redis } from 'ioredis'

/** What instances tell each other. */
export interface Listener {
  message(text: string): void
  /** The subscription is there, for the first time or again: messages may have been missed until now. */
  subscribed(): void
}

/** Listens over a connection of its own: a client that subscribes can do nothing else. Returns what ends it. */
export function subscribe(redis: Redis | Cluster, channel: string, listener: Listener): () => void {
  const subscriber = duplicate(redis)
  subscriber.on('message', (_channel: string, text: string) => listener.message(text))
  // It connects again by itself, and subscribes again; an error without a listener would end the process.
  subscriber.on('error', () => {})
  subscriber.on('ready', () => {
    // Said anew after each connection, not by ioredis: the reply tells from when on nothing is missed.
    subscriber.subscribe(channel).then(
      () => listener.subscribed(),
      () => {},
    )
  })
  return () => subscriber.disconnect()
}

/** A subscriber waits for its connection however long that takes: no request waits for it. */
function duplicate(redis: Redis | Cluster): Redis | Cluster {
  const patient = { enableOfflineQueue: true, lazyConnect: false }
  if (redis.isCluster) return (redis as Cluster).duplicate([], { ...patient, shardedSubscribers: false })
  return (redis as Redis).duplicate({ ...patient, maxRetriesPerRequest: null, autoResubscribe: false })
}
