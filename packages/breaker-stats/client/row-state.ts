import type { RowState } from '#src/live/protocol'

/** `HALF_OPEN`, as the JSON API says it, in the board's words: `half-open`. */
export function toRowState(state: string): RowState {
  return state.toLowerCase().replace('_', '-') as RowState
}
