/**
 * How a flight ended for those who wait for it. `stored`: look again. `failed`: the origin failed; a stale answer may stand
 * in. `abandoned`: nobody fetches any more; look again, and the first fetches. `uncacheable`: on your own, at once.
 * `overdue`: waited long enough; on your own.
 */
export type Landing = 'stored' | 'failed' | 'abandoned' | 'uncacheable' | 'overdue'

/** One fetch from the origin, and the requests that wait for its answer. */
export interface Flight {
  readonly key: string
  readonly resource: string
  /** Whether later requests for the key find it and wait. */
  readonly joinable: boolean
  readonly waiters: ((landing: Landing) => void)[]
  timer: NodeJS.Timeout | undefined
  /** The right to fetch for all instances, given back when it lands. */
  lease: { end(landing: Landing): void } | undefined
  /** A purge came while it was under way: its answer may be older than the purge, and must not be kept. */
  purged: boolean
}

/** The fetches under way, at most one of them a key: coalescing within this process. */
export class Flights {
  readonly #byKey = new Map<string, Flight>()
  readonly #open = new Set<Flight>()
  readonly #waitMs: number

  /** `waitMs`: nobody waits longer for a flight than this, from when the first began to wait. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  get(key: string): Flight | undefined {
    return this.#byKey.get(key)
  }

  begin(key: string, resource: string, joinable: boolean): Flight {
    const flight: Flight = {
      key,
      resource,
      joinable,
      waiters: [],
      timer: undefined,
      lease: undefined,
      purged: false,
    }
    this.#open.add(flight)
    if (joinable) this.#byKey.set(key, flight)
    return flight
  }

  /** Calls back once, when the flight lands or the wait is over. */
  wait(flight: Flight, waiter: (landing: Landing) => void): void {
    flight.waiters.push(waiter)
    flight.timer ??= setTimeout(() => this.release(flight, 'overdue'), this.#waitMs)
  }

  /** Ends a flight and tells everyone who waits. Only the first call counts. */
  land(flight: Flight, landing: Landing): void {
    if (!this.#open.delete(flight)) return
    this.release(flight, landing)
    flight.lease?.end(landing)
  }

  isOpen(flight: Flight): boolean {
    return this.#open.has(flight)
  }

  /** What these are fetching is not kept. */
  purge(concerned: (resource: string) => boolean): void {
    for (const flight of this.#open) flight.purged ||= concerned(flight.resource)
  }

  /** Tells everyone who waits, and lets nobody else wait; the flight goes on. */
  release(flight: Flight, landing: Landing): void {
    clearTimeout(flight.timer)
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key)
    for (const waiter of flight.waiters.splice(0)) waiter(landing)
  }
}
