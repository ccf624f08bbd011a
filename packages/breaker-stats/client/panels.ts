import type { CachePanel, RetryPanel } from '#src/live/protocol'
import { byId, h, setText } from './dom.ts'
import { bytes, compact, count, percent } from './format.ts'
import { callRate } from './history.ts'
import type { Store } from './store.ts'

interface Panel {
  readonly title: string
  /** Undefined: the plugin is not there, and neither is the panel. */
  read(
    store: Store,
  ): { readonly value: string; readonly notes: readonly string[]; readonly share?: number } | undefined
}

const panels: readonly Panel[] = [
  { title: 'Traffic', read: readTraffic },
  { title: 'Cache hits', read: ({ panels }) => (panels.cache && readCache(panels.cache)) || undefined },
  { title: 'Retry budget', read: ({ panels }) => (panels.retry && readRetries(panels.retry)) || undefined },
  { title: 'Refused', read: ({ panels }) => (panels.refused && readRefused(panels.refused)) || undefined },
]

/** Figures of the whole gateway, in a row. */
export class PanelRow {
  readonly #store: Store
  readonly #cards = new Map<
    Panel,
    { card: HTMLElement; value: HTMLElement; notes: HTMLElement; bar: HTMLElement }
  >()

  constructor(store: Store) {
    this.#store = store
    for (const panel of panels) {
      const value = h('dd', { class: 'panel-value' })
      const notes = h('dd', { class: 'panel-notes' })
      const bar = h('div', { class: 'panel-bar', 'aria-hidden': 'true' }, h('div', {}))
      const card = h(
        'div',
        { class: 'panel', hidden: true },
        h('dt', {}, panel.title),
        value,
        notes,
        h('dd', { class: 'panel-meter' }, bar),
      )
      this.#cards.set(panel, { card, value, notes, bar })
      byId('panels').append(card)
    }
  }

  update(): void {
    for (const [panel, { card, value, notes, bar }] of this.#cards) {
      const reading = panel.read(this.#store)
      card.hidden = reading === undefined
      if (reading === undefined) continue
      setText(value, reading.value)
      setText(notes, reading.notes.join(' · '))
      bar.hidden = reading.share === undefined
      ;(bar.firstElementChild as HTMLElement).style.width = `${Math.round((reading.share ?? 0) * 100)}%`
    }
  }
}

function readTraffic(store: Store): ReturnType<Panel['read']> {
  let [calls, failures, rejects] = [0, 0, 0]
  for (const { history } of store.entries.values()) {
    calls += callRate(history.last)
    failures += history.last?.failures ?? 0
    rejects += history.last?.rejects ?? 0
  }
  return {
    value: `${compact(calls)} /s`,
    notes: [`${compact(failures)} /s failed`, `${compact(rejects)} /s refused by breakers`],
  }
}

function readCache(cache: CachePanel): ReturnType<Panel['read']> {
  const served = cache.hits + cache.stale
  const all = served + cache.misses
  const share = all === 0 ? 0 : served / all
  return {
    value: all === 0 ? '–' : percent(share),
    share,
    notes: [
      `${count(cache.coalesced)} coalesced`,
      `${bytes(cache.bytes)} of ${bytes(cache.maxBytes)}`,
      ...(cache.redis === 'down' ? ['Redis is down'] : []),
    ],
  }
}

function readRetries(retries: readonly RetryPanel[]): ReturnType<Panel['read']> {
  const sum = (key: 'available' | 'exhausted' | 'retries' | 'requests'): number =>
    retries.reduce((total, one) => total + one[key], 0)
  const dry = retries.filter(({ available }) => available < 1).map(({ upstream }) => upstream)
  return {
    value: `${compact(sum('available'))} left`,
    notes: [
      `${count(sum('retries'))} retries of ${count(sum('requests'))} requests`,
      `${count(sum('exhausted'))} not allowed`,
      ...(dry.length === 0 ? [] : [`spent: ${dry.slice(0, 3).join(', ')}`]),
    ],
  }
}

function readRefused(refused: Readonly<Record<string, number>>): ReturnType<Panel['read']> {
  const reasons = Object.entries(refused)
    .filter(([, times]) => times > 0)
    .sort(([, a], [, b]) => b - a)
  const rest = reasons.slice(3).reduce((sum, [, times]) => sum + times, 0)
  return {
    value: compact(reasons.reduce((sum, [, times]) => sum + times, 0)),
    notes: [
      ...reasons.slice(0, 3).map(([reason, times]) => `${count(times)} ${reason}`),
      ...(rest === 0 ? [] : [`${count(rest)} other`]),
      ...(reasons.length === 0 ? ['nobody so far'] : []),
    ],
  }
}
