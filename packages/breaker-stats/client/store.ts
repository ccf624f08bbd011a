import type { Frame, Panels, Row, TestProgress } from '#src/live/protocol'
import { callRate, History } from './history.ts'
import type { RatedRow } from './trouble.ts'

export interface Entry extends RatedRow {
  readonly history: History
}

/** Counters move on a second's beat, whatever frames come in between. */
const sampleEveryMs = 900

/** What is known of the gateway: the frames so far, added up. */
export class Store {
  readonly entries: Map<string, Entry> = new Map()
  instance = ''
  panels: Panels = { cache: null, retry: null, refused: null }
  test: TestProgress | null = null
  /** Server's clock minus ours. */
  #skewMs = 0
  #seq = -1
  #sampledAt = 0

  /** The server's time, epoch ms. */
  get now(): number {
    return Date.now() + this.#skewMs
  }

  /** Whether it is closed, and its calls are refused all the same because its group is open. */
  isHeldByGroup({ state, group }: Row): boolean {
    return state === 'closed' && group !== null && this.entries.get(`group:${group}`)?.row.state === 'open'
  }

  /** False: a frame was missed, so that one must begin anew. */
  apply(frame: Frame): boolean {
    if (frame.type === 'full') {
      this.#replace(frame.rows)
      this.instance = frame.instance
    } else {
      if (frame.seq !== this.#seq + 1) return false
      for (const change of frame.rows) this.#merge(change)
      for (const name of frame.gone ?? []) this.entries.delete(name)
    }
    this.#seq = frame.seq
    this.#skewMs = frame.at - Date.now()
    if (frame.panels !== undefined) this.panels = frame.panels
    if (frame.test !== undefined) this.test = frame.test
    if (frame.at - this.#sampledAt >= sampleEveryMs) this.#sample(frame.at)
    return true
  }

  #replace(rows: readonly Row[]): void {
    const live = new Set(rows.map(({ name }) => name))
    for (const name of this.entries.keys()) if (!live.has(name)) this.entries.delete(name)
    for (const row of rows) this.#merge(row)
  }

  #merge(change: Partial<Row> & Pick<Row, 'name'>): void {
    const entry = this.entries.get(change.name)
    if (entry === undefined)
      this.entries.set(change.name, { row: change as Row, rate: 0, history: new History() })
    else this.entries.set(change.name, { ...entry, row: { ...entry.row, ...change } })
  }

  #sample(at: number): void {
    this.#sampledAt = at
    for (const [name, { row, history }] of this.entries) {
      history.add(row, at)
      this.entries.set(name, { row, history, rate: callRate(history.last) })
    }
  }
}
