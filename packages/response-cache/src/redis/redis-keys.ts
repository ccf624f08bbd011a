import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const PREFIX = 'sluice:rc:v1'

/** The names of everything in Redis. All that belongs to one resource has one hash tag, and so one slot in a cluster. */
export class RedisKeys {
  readonly #prefix: string
  /** Routes have few places and many resources: their digests are worth keeping. */
  readonly #places = new LRUCache<string, string>({ max: 1000 })
  /** The stamp of the latest invalidation. */
  readonly latest: string
  /** Invalidations by stamp. */
  readonly log: string
  readonly channel: string

  constructor(namespace: string) {
    this.#prefix = `${PREFIX}:${namespace}`
    this.latest = `${this.#prefix}:{purges}:latest`
    this.log = `${this.#prefix}:{purges}:log`
    this.channel = `${this.#prefix}:messages`
  }

  /** What all keys of a resource start with. */
  resource(resource: string): string {
    return `${this.#prefix}:{${digest(resource)}}`
  }

  index(base: string): string {
    return `${base}:index`
  }

  /** `place`: what tells the entry from others of its resource. A digest, for it may hold credentials. */
  entry(base: string, place: string): string {
    let name = this.#places.get(place)
    if (name === undefined) {
      name = digest(place)
      this.#places.set(place, name)
    }
    return `${base}:entry:${name}`
  }

  lease(base: string, key: string): string {
    return `${base}:lease:${digest(key)}`
  }

  waited(lease: string): string {
    return `${lease}:waited`
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
