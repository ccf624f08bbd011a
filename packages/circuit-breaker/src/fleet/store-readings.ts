import type { Clock } from '../clock.ts'
import type { FleetStore, PastVerdict, Standing } from './fleet-store.ts'

/** However many ask, the store is asked so often at most. */
const FRESH_MS = 1_000
const PATIENCE_MS = 1_000
/** Of each shard: as many as a store keeps, more or less. */
const HISTORY = 1_000

/** What operators want to know of a store: apart from the lanes, where votes must not wait for it. */
export class StoreReadings {
  readonly #store: FleetStore
  readonly #clock: Clock
  readonly #readings = new Map<string, { readonly at: number; readonly result: Promise<unknown> }>()

  constructor(store: FleetStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  standings(shard: number): Promise<readonly Standing[]> {
    return this.#read(`standings ${shard}`, () => this.#store.standings(shard))
  }

  history(shard: number): Promise<readonly PastVerdict[]> {
    return this.#read(`history ${shard}`, () => this.#store.history(shard, HISTORY))
  }

  #read<T>(what: string, read: () => Promise<T>): Promise<T> {
    const now = this.#clock.now()
    const known = this.#readings.get(what)
    if (known !== undefined && now - known.at < FRESH_MS) return known.result as Promise<T>
    const result = this.#inTime(read())
    this.#readings.set(what, { at: now, result })
    return result
  }

  #inTime<T>(reading: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = new Error(`no answer within ${PATIENCE_MS} ms`)
      const timer = this.#clock.setTimer(() => reject(late), PATIENCE_MS)
      timer.hold(false)
      reading.finally(() => timer.cancel()).then(resolve, reject)
    })
  }
}
