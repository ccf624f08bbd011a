import type { BreakerView } from '#src/api/breaker-view'
import type { FleetView } from '#src/api/fleet-view'
import type { RowState } from '#src/live/protocol'
import { h } from './dom.ts'
import { clock, duration } from './format.ts'
import { toRowState } from './row-state.ts'
import { stateStyles } from './states.ts'

/** A stretch of time in one state; times are epoch ms. */
export interface Span {
  readonly state: RowState
  readonly from: number
  readonly to: number
}

export interface Change {
  readonly at: number
  readonly from: RowState
  readonly to: RowState
}

/** Shortest time that a timeline shows. */
const leastMs = 60_000

/** What this instance remembers, and before that what the fleet does: an instance forgets when it restarts. */
export function changesOf(
  { transitions }: Pick<BreakerView, 'transitions'>,
  fleet: Pick<FleetView, 'history'> | undefined,
): Change[] {
  const own = transitions.map(({ at, from, to }) => {
    return { at: Date.parse(at), from: toRowState(from), to: toRowState(to) }
  })
  const began = own[0]?.at ?? Infinity
  const before: Change[] = []
  let from: RowState = 'closed'
  for (const { at, state } of fleet?.history.toReversed() ?? []) {
    // When a recovery was over is not written down; it is short.
    const to = state === 'RECOVERING' ? 'closed' : toRowState(state)
    if (Date.parse(at) < began && to !== from) before.push({ at: Date.parse(at), from, to })
    from = to
  }
  return [...before, ...own]
}

/** The states of a breaker between its oldest known change (or a minute ago) and now. */
export function spansOf(changes: readonly Change[], state: RowState, now: number): Span[] {
  const start = Math.min(now - leastMs, (changes[0]?.at ?? now) - leastMs / 6)
  const spans: Span[] = []
  let from = start
  let before = changes[0]?.from ?? state
  for (const { at, to } of changes) {
    if (at > from) spans.push({ state: before, from, to: at })
    from = at
    before = to
  }
  spans.push({ state, from, to: Math.max(now, from + 1) })
  return spans
}

/** Bars in the states' colours, widths by time; each says in words what it is. */
export function renderTimeline(spans: readonly Span[], now: number): HTMLElement {
  const start = spans[0]?.from ?? now
  const whole = Math.max(1, now - start)
  const bars = spans.map(({ state, from, to }) => {
    const text = `${stateStyles[state].label} for ${duration(to - from)} from ${clock(from, now)}`
    const bar = h(
      'li',
      { class: `span span-${state}`, title: text },
      h('span', { class: 'visually-hidden' }, text),
    )
    bar.style.flexGrow = String(Math.max(0.004, (to - from) / whole))
    return bar
  })
  return h(
    'div',
    { class: 'timeline' },
    h('ol', { class: 'timeline-bars', 'aria-label': 'States over time' }, ...bars),
    h(
      'div',
      { class: 'timeline-scale', 'aria-hidden': 'true' },
      h('span', {}, `${duration(now - start)} ago`),
      h('span', {}, 'now'),
    ),
  )
}
