import type { CacheEntry } from './entry.ts'
import { expire } from './rules/facts.ts'
import type { PurgeMode } from './store.ts'

/** A purge that is not carried out on each entry, but noted, and compared with each entry when it is next read. */
export interface Invalidation {
  readonly scope: 'all' | 'tag' | 'prefix'
  /** The tag, or what a resource starts with; `''` for `all`. */
  readonly value: string
  readonly mode: PurgeMode
  /** Its place in the order of all invalidations. An entry with a lower stamp is concerned. */
  readonly stamp: number
  /** When it was made known here, epoch ms: from then on a soft one makes stale. */
  readonly atMs: number
}

/** The latest invalidations of one tag, prefix, or all. */
interface Marks {
  hard: number
  soft: number
  softAtMs: number
}

/** More distinct tags and prefixes than this, and the oldest is widened to all: too much is refetched, never too little. */
const MAX_MARKS = 10_000

/**
 * What has been purged, as facts: O(1) to note, nothing while nothing was purged, bounded whatever is purged. Stamps, not
 * clocks, say what came first: an entry carries the latest invalidation that was known when its fetch began.
 */
export class Invalidations {
  readonly #all: Marks = unmarked()
  readonly #tags = new Map<string, Marks>()
  readonly #prefixes = new Map<string, Marks>()
  #latest = 0

  /** The stamp of the latest one; 0 before the first. */
  get latest(): number {
    return this.#latest
  }

  /** Notes one. Those already known may come again. */
  note({ scope, value, mode, stamp, atMs }: Invalidation): void {
    this.#latest = Math.max(this.#latest, stamp)
    const marks = this.#marksOf(scope, value)
    marks[mode] = Math.max(marks[mode], stamp)
    if (mode === 'soft') marks.softAtMs = atMs
    this.#bound(this.#tags)
    this.#bound(this.#prefixes)
  }

  /** The entry as the invalidations leave it: itself, stale from when it was purged softly, or undefined: gone. */
  apply(entry: CacheEntry, resource: string): CacheEntry | undefined {
    if (entry.stamp >= this.#latest) return entry
    let softAtMs = Number.POSITIVE_INFINITY
    for (const marks of this.#concerning(entry, resource)) {
      if (marks.hard > entry.stamp) return undefined
      if (marks.soft > entry.stamp) softAtMs = Math.min(softAtMs, marks.softAtMs)
    }
    const { response } = entry
    const facts = softAtMs === Number.POSITIVE_INFINITY ? response.facts : expire(response.facts, softAtMs)
    return { ...entry, response: { ...response, facts }, stamp: this.#latest }
  }

  *#concerning(entry: CacheEntry, resource: string): Generator<Marks> {
    yield this.#all
    for (const tag of entry.tags) {
      const marks = this.#tags.get(tag)
      if (marks !== undefined) yield marks
    }
    for (const [prefix, marks] of this.#prefixes) if (resource.startsWith(prefix)) yield marks
  }

  #marksOf(scope: Invalidation['scope'], value: string): Marks {
    if (scope === 'all') return this.#all
    const byValue = scope === 'tag' ? this.#tags : this.#prefixes
    const marks = byValue.get(value) ?? unmarked()
    // Last in the order of the map: the first is the one to widen.
    byValue.delete(value)
    byValue.set(value, marks)
    return marks
  }

  #bound(byValue: Map<string, Marks>): void {
    const [oldest] = byValue
    if (byValue.size <= MAX_MARKS || oldest === undefined) return
    byValue.delete(oldest[0])
    this.#all.hard = Math.max(this.#all.hard, oldest[1].hard)
    this.#all.soft = Math.max(this.#all.soft, oldest[1].soft)
    this.#all.softAtMs = Math.max(this.#all.softAtMs, oldest[1].softAtMs)
  }
}

function unmarked(): Marks {
  return { hard: 0, soft: 0, softAtMs: 0 }
}
