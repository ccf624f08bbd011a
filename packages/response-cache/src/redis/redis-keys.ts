import { createHash } from 'node:crypto'

const PREFIX = 'sluice:rc:v1'

/** The names of everything in Redis. All that belongs to one resource has one hash tag, and so one slot in a cluster. */
export class RedisKeys {
  readonly #prefix: string
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
    return `${base}:entry:${digest(place)}`
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
