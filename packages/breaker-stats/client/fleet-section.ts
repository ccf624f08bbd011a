import type { BreakerView } from '#src/api/breaker-view'
import type { FleetView, StandingView } from '#src/api/fleet-view'
import { h } from './dom.ts'
import { clock, count, duration } from './format.ts'
import { stateIcon } from './icons.ts'
import { toRowState } from './row-state.ts'
import { stateStyles } from './states.ts'

/** Instances shown one by one, those that differ first; a fleet may have a thousand. */
const SHOWN = 30

const modes = {
  shared: 'This instance decides with the fleet.',
  stale: 'The store is out of reach: the last verdict of the fleet still holds.',
  local: 'The store is out of reach: this instance decides alone.',
}

/**
 * How each instance has the breaker, with a word where they disagree; undefined without a fleet. `open` names the
 * sections that stay unfolded.
 */
export function fleetSection(
  { fleet }: BreakerView,
  view: FleetView | undefined,
  now: number,
  open: ReadonlySet<string | undefined>,
): HTMLElement | undefined {
  if (fleet === undefined) return undefined
  const differing = view?.standings.filter(({ scope }) => scope !== 'fleet') ?? []
  return h(
    'section',
    { class: `fleet fleet-${fleet.mode}` },
    h('h3', {}, 'Fleet'),
    h('p', {}, modes[fleet.mode]),
    h('p', { class: 'votes' }, `${count(fleet.votes)} of ${count(fleet.instances)} instances vote to open.`),
    differing.length > 0 &&
      h(
        'p',
        { class: 'notice' },
        `${count(differing.length)} of ${count(view!.standings.length)} instances differ from what the fleet decided: look for a bad node or zone.`,
      ),
    view !== undefined && view.standings.length > 0 && instanceList(view),
    view?.storeError !== undefined &&
      h('p', { class: 'notice' }, `Nothing is known of others: ${view.storeError}.`),
    view !== undefined && view.history.length > 0 && history(view, now, open),
  )
}

function instanceList({ standings, states }: FleetView): HTMLElement {
  const differs = ({ scope }: StandingView): number => (scope === 'fleet' ? 1 : 0)
  const shown = standings.toSorted((a, b) => differs(a) - differs(b)).slice(0, SHOWN)
  const sum = Object.entries(states).map(
    ([state, times]) => `${count(times)} ${stateStyles[toRowState(state)].label.toLowerCase()}`,
  )
  return h(
    'div',
    {},
    h('p', { class: 'muted' }, `${sum.join(', ')}.`),
    h('ul', { class: 'instances', 'aria-label': 'Instances' }, ...shown.map(instanceItem)),
    standings.length > shown.length &&
      h('p', { class: 'muted' }, `${count(standings.length - shown.length)} more stand with the fleet.`),
  )
}

function instanceItem({ instance, zone, state, scope, mode, heardMs, self }: StandingView): HTMLElement {
  const row = toRowState(state)
  const notes = [
    scope === 'fleet' ? 'with the fleet' : scope === 'local' ? 'on its own' : 'by hand, here alone',
    zone,
    self ? 'this instance' : `heard ${duration(heardMs)} ago`,
    mode === 'shared' ? '' : `said that it is ${mode}`,
  ]
  return h(
    'li',
    { class: scope === 'fleet' ? 'instance-item' : 'instance-item differs' },
    stateIcon(row),
    h('span', { class: 'instance-name' }, instance),
    h('span', {}, stateStyles[row].label),
    h('span', { class: 'instance-notes' }, notes.filter((note) => note !== '').join(' · ')),
  )
}

/** What the fleet decided, before this instance began as well. */
function history({ history }: FleetView, now: number, open: ReadonlySet<string | undefined>): HTMLElement {
  return h(
    'details',
    { 'data-section': 'fleet-history', open: open.has('fleet-history') },
    h('summary', {}, h('h4', {}, 'What the fleet decided')),
    h(
      'ul',
      { class: 'verdicts' },
      ...history.map(({ at, state, reason, actor }) => {
        const row = toRowState(state)
        const by = actor === undefined ? '' : ` · by ${actor}`
        return h(
          'li',
          {},
          h('span', { class: 'when' }, clock(Date.parse(at), now)),
          h('span', { class: 'state-cell' }, stateIcon(row), stateStyles[row].label),
          h('span', { class: 'cause' }, reason + by),
        )
      }),
    ),
  )
}
