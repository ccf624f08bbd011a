import { Cells } from './cells.ts'
import { LinkedList, type Linked } from './linked-list.ts'

/**
 * How a flight ended for those who wait for it. `stored`: look again. `failed`: the origin failed; a stale answer may stand
 * in. `abandoned`: nobody fetches any more; look again, and the first fetches. `uncacheable`: on your own, at once.
 * `overdue`: waited long enough; on your own.
 */
export type Landing = 'stored' | 'failed' | 'abandoned' | 'uncacheable' | 'overdue'

/** One fetch from the origin, and the requests that wait for its answer. */
export interface Flight extends Linked<Flight> {
  readonly resource: string
  /** What tells its answer from others of the resource. */
  readonly place: string
  /** Whether later requests for the same find it and wait. */
  readonly joinable: boolean
  /** It has not landed. */
  open: boolean
  waiters: ((landing: Landing) => void)[] | undefined
  /** How long they wait; there from the first of them on, and for good. */
  timer: NodeJS.Timeout | undefined
  /** The right to fetch for all instances, given back when it lands. */
  lease: { end(landing: Landing): void } | undefined
  /** A purge came while it was under way: its answer may be older than the purge, and must not be kept. */
  purged: boolean
}

/** The fetches under way, at most one of them an answer: coalescing within this process. */
export class Flights {
  readonly #joinable = new Map<string, Cells<Flight>>()
  readonly #open = new LinkedList<Flight>()
  readonly #waitMs: number

  /** `waitMs`: nobody waits longer for a flight than this, from when the first began to wait. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  get(resource: string, place: string): Flight | undefined {
    return this.#joinable.get(resource)?.get(place)
  }

  begin(resource: string, place: string, joinable: boolean): Flight {
    const flight: Flight = {
      resource,
      place,
      joinable,
      open: true,
      waiters: undefined,
      timer: undefined,
      lease: undefined,
      purged: false,
      newer: undefined,
      older: undefined,
    }
    this.#open.add(flight)
    if (!joinable) return flight
    const cells = this.#joinable.get(resource) ?? new Cells()
    if (cells.isEmpty) this.#joinable.set(resource, cells)
    cells.set(flight)
    return flight
  }

  /** Calls back once, when the flight lands or the wait is over. */
  wait(flight: Flight, waiter: (landing: Landing) => void): void {
    flight.waiters ??= []
    flight.waiters.push(waiter)
    flight.timer ??= setTimeout(() => this.release(flight, 'overdue'), this.#waitMs)
  }

  /** Ends a flight and tells everyone who waits. Only the first call counts. */
  land(flight: Flight, landing: Landing): void {
    if (!flight.open) return
    flight.open = false
    this.#open.remove(flight)
    this.release(flight, landing)
    flight.lease?.end(landing)
  }

  /** What these are fetching is not kept. */
  purge(concerned: (resource: string) => boolean): void {
    for (const flight of this.#open) flight.purged ||= concerned(flight.resource)
  }

  /** Tells everyone who waits, and lets nobody else wait; the flight goes on. */
  release(flight: Flight, landing: Landing): void {
    if (flight.joinable) this.#unjoin(flight)
    const { waiters } = flight
    if (waiters === undefined) return
    clearTimeout(flight.timer)
    flight.waiters = undefined
    for (const waiter of waiters) waiter(landing)
  }

  #unjoin(flight: Flight): void {
    const { resource, place } = flight
    const cells = this.#joinable.get(resource)
    // Another may have taken its place.
    if (cells?.get(place) !== flight) return
    cells.delete(place)
    if (cells.isEmpty) this.#joinable.delete(resource)
  }
}
