import { hash } from 'node:crypto'

const PREFIX = 'sluice:rc:v1'

/** Routes have few places and many resources: the digests of places are worth keeping. Cleared when full. */
const MAX_PLACES = 1000

/** The names of everything in Redis. All that belongs to one resource has one hash tag, and so one slot in a cluster. */
export class RedisKeys {
  readonly #prefix: string
  readonly #suffixes = new Map<string, string>()
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
    let suffix = this.#suffixes.get(place)
    if (suffix === undefined) {
      suffix = `:entry:${digest(place)}`
      if (this.#suffixes.size === MAX_PLACES) this.#suffixes.clear()
      this.#suffixes.set(place, suffix)
    }
    return base + suffix
  }

  lease(base: string, place: string): string {
    return `${base}:lease:${digest(place)}`
  }

  waited(lease: string): string {
    return `${lease}:waited`
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}
