import type { Row, RowState } from '#src/live/protocol'
import { stateStyles } from './states.ts'

export type Order = 'trouble' | 'name' | 'traffic'

export interface Filter {
  /** Part of a name or group, in any case. */
  readonly text: string
  /** Empty: every state. */
  readonly states: ReadonlySet<RowState>
  readonly order: Order
}

export interface RatedRow {
  readonly row: Row
  /** Calls a second, refused ones too. */
  readonly rate: number
}

/** The rows to show, in their order. */
export function arrange<T extends RatedRow>(rows: Iterable<T>, { text, states, order }: Filter): T[] {
  const wanted = text.trim().toLowerCase()
  const shown: T[] = []
  for (const rated of rows) {
    const { name, group, state } = rated.row
    if (states.size > 0 && !states.has(state)) continue
    if (wanted !== '' && !name.toLowerCase().includes(wanted) && !group?.toLowerCase().includes(wanted))
      continue
    shown.push(rated)
  }
  return shown.sort(comparators[order])
}

const byName = (a: RatedRow, b: RatedRow): number =>
  a.row.name < b.row.name ? -1 : a.row.name > b.row.name ? 1 : 0

const comparators: Readonly<Record<Order, (a: RatedRow, b: RatedRow) => number>> = {
  trouble: (a, b) => severity(a.row) - severity(b.row) || byName(a, b),
  name: byName,
  traffic: (a, b) => b.rate - a.rate || byName(a, b),
}

/**
 * Not open comes after open; among the closed, those that fail come first. In steps rather than by the exact ratio,
 * so that rows do not dance while one reads.
 */
export function severity({ state, failureRatio, calls, fleetMode }: Row): number {
  const failing =
    state !== 'closed' || calls < 5 ? 0 : failureRatio >= 0.25 ? 0.3 : failureRatio >= 0.05 ? 0.2 : 0
  const adrift = fleetMode === 'local' || fleetMode === 'stale' ? 0.1 : 0
  return stateStyles[state].severity - failing - adrift
}
