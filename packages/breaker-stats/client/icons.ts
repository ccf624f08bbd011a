import type { RowState } from '#src/live/protocol'
import { svg } from './dom.ts'
import { stateStyles } from './states.ts'

/** The shape of a state in its colour. Say the state in words beside it: the shape itself is hidden from readers. */
export function stateIcon(state: RowState): SVGElement {
  return svg(
    'svg',
    { class: `icon state-${state}`, viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('path', { d: stateStyles[state].shape, 'fill-rule': 'evenodd' }),
  )
}
