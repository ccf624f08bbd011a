import type { BreakerView } from '#src/api/breaker-view'
import { h } from './dom.ts'
import { clock, count, latency, percent } from './format.ts'
import { stateIcon } from './icons.ts'
import { toRowState } from './row-state.ts'
import { stateStyles } from './states.ts'

/** Key figures. */
export function factList(view: BreakerView): HTMLElement {
  const { window, latency: latencies, stats } = view
  const ratio = (value: number): string => (value < 0 ? 'too few calls' : percent(value))
  const facts: readonly (readonly [term: string, value: string, note?: string | undefined])[] = [
    [
      'Failing',
      ratio(window.failureRatio),
      `${count(window.failures)} of ${count(window.successes + window.failures)} in the window`,
    ],
    ['Slow', ratio(window.slowRatio), `${count(window.slow)} in the window`],
    [
      'p95',
      latency(latencies.p95),
      `p50 ${latency(latencies.p50)}, p99 ${latency(latencies.p99)}, longest ${latency(latencies.max)}`,
    ],
    [
      'Under way',
      count(view.inFlight),
      view.bulkhead === undefined
        ? undefined
        : `of ${count(view.bulkhead.limit)}, ${count(view.bulkhead.queued)} waiting`,
    ],
    ['Calls spared', count(view.savedCalls), `${count(stats.fallbacks)} answered by the fallback`],
    [
      'Since start',
      count(stats.fires),
      `${count(stats.successes)} well, ${count(stats.failures)} failed, ${count(stats.timeouts)} of them timed out`,
    ],
    [
      'Probes',
      `${count(view.probes.successes)} of ${count(view.probes.settled)}`,
      `${count(view.probes.live)} under way, ${count(stats.probes)} since start`,
    ],
    ['Opened', `${count(view.openCount)} in a row`, `generation ${count(view.generation)}`],
  ]
  return h(
    'dl',
    { class: 'facts' },
    ...facts.map(([term, value, note]) =>
      h(
        'div',
        {},
        h('dt', {}, term),
        h('dd', {}, value),
        note === undefined ? null : h('dd', { class: 'fact-note' }, note),
      ),
    ),
  )
}

/** What happened, latest first. */
export function transitionTable({ transitions }: BreakerView, now: number): HTMLElement {
  const rows = transitions.toReversed().map((transition) => {
    const to = toRowState(transition.to)
    const cause = [
      transition.reason,
      transition.cause,
      transition.actor === undefined ? '' : `by ${transition.actor}`,
    ]
    return h(
      'tr',
      {},
      h('td', { class: 'when' }, clock(Date.parse(transition.at), now)),
      h('td', {}, h('span', { class: 'state-cell' }, stateIcon(to), stateStyles[to].label)),
      h('td', { class: 'cause' }, cause.filter((part) => part !== undefined && part !== '').join(' · ')),
      h('td', {}, transition.scope),
    )
  })
  return h(
    'section',
    {},
    h('h3', {}, 'Transitions'),
    rows.length === 0
      ? h('p', { class: 'muted' }, 'None so far.')
      : h(
          'div',
          { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Transitions' },
          h(
            'table',
            {},
            h(
              'thead',
              {},
              h('tr', {}, ...['When', 'To', 'Cause', 'Scope'].map((name) => h('th', { scope: 'col' }, name))),
            ),
            h('tbody', {}, ...rows),
          ),
        ),
  )
}

/** The configuration in force, folded away. `open` names the sections that stay unfolded. */
export function optionList(
  { configuration }: BreakerView,
  open: ReadonlySet<string | undefined>,
): HTMLElement {
  return h(
    'details',
    { 'data-section': 'configuration', open: open.has('configuration') },
    h('summary', {}, h('h3', {}, 'Configuration')),
    h(
      'dl',
      { class: 'options' },
      ...Object.entries(configuration).flatMap(([name, value]) => [
        h('dt', {}, name),
        h('dd', {}, optionText(value)),
      ]),
    ),
  )
}

function optionText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.join(', ')
  return Object.entries(value)
    .map(([name, part]) => `${name} ${optionText(part)}`)
    .join(', ')
}
