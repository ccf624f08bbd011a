import type { Row, RowState } from '#src/live/protocol'
import { byId, h, setAttribute, setText } from './dom.ts'
import { count, duration } from './format.ts'
import { stateIcon } from './icons.ts'
import { nextText } from './status-text.ts'
import { allStates, stateStyles } from './states.ts'
import type { Store } from './store.ts'
import { severity } from './trouble.ts'

/** What one must see first: a sentence on how things are, and a tile for each state that filters the board. */
export class Summary {
  readonly #store: Store
  readonly #headline = byId('headline')
  readonly #detail = byId('headline-detail')
  readonly #section = byId('summary')
  readonly #tiles = new Map<RowState, { button: HTMLButtonElement; number: HTMLElement }>()

  constructor(store: Store, onToggle: (state: RowState) => void) {
    this.#store = store
    for (const state of allStates) {
      const number = h('span', { class: 'tile-number' }, '0')
      const button = h(
        'button',
        {
          type: 'button',
          class: `tile tile-${state}`,
          'aria-pressed': 'false',
          onclick: () => onToggle(state),
        },
        stateIcon(state),
        number,
        h('span', { class: 'tile-label' }, stateStyles[state].label),
      )
      this.#tiles.set(state, { button, number })
      byId('tiles').append(button)
    }
  }

  showFilter(states: ReadonlySet<RowState>): void {
    for (const [state, { button }] of this.#tiles)
      setAttribute(button, 'aria-pressed', String(states.has(state)))
  }

  update(): void {
    const counts = new Map<RowState, number>()
    let worst: Row | undefined
    for (const { row } of this.#store.entries.values()) {
      counts.set(row.state, (counts.get(row.state) ?? 0) + 1)
      if (worst === undefined || isWorse(row, worst)) worst = row
    }
    for (const [state, { button, number }] of this.#tiles) {
      const of = counts.get(state) ?? 0
      setText(number, count(of))
      button.classList.toggle('is-empty', of === 0)
    }
    setText(this.#headline, headline(counts, this.#store.entries.size))
    setText(this.#detail, worst === undefined ? '' : describe(worst, this.#store.now))
    this.#section.dataset.mood = moodOf(counts)
  }
}

/** As the board has it. */
function isWorse(a: Row, b: Row): boolean {
  const [first, second] = [severity(a), severity(b)]
  return first < second || (first === second && a.name < b.name)
}

type Mood = 'good' | 'watch' | 'bad'

function moodOf(counts: ReadonlyMap<RowState, number>): Mood {
  if (counts.has('open') || counts.has('forced-open')) return 'bad'
  return counts.has('half-open') || counts.has('recovering') || counts.has('disabled') ? 'watch' : 'good'
}

function headline(counts: ReadonlyMap<RowState, number>, all: number): string {
  if (all === 0) return 'No breakers yet'
  const open = (counts.get('open') ?? 0) + (counts.get('forced-open') ?? 0)
  if (open > 0)
    return `${count(open)} of ${count(all)} ${all === 1 ? 'breaker' : 'breakers'} ${open === 1 ? 'is' : 'are'} open`
  const closing = (counts.get('half-open') ?? 0) + (counts.get('recovering') ?? 0)
  if (closing > 0) return `${count(closing)} of ${count(all)} ${closing === 1 ? 'is' : 'are'} coming back`
  const closed = counts.get('closed') ?? 0
  if (closed < all) return `${count(closed)} of ${count(all)} are closed`
  return all === 1 ? 'The breaker is closed' : `All ${count(all)} breakers are closed`
}

/** The worst one in a line. */
function describe(row: Row, now: number): string {
  if (row.state === 'closed') return row.failureRatio >= 0.05 ? `${row.name} fails the most` : ''
  return `${row.name}: ${[`${stateStyles[row.state].label.toLowerCase()} for ${duration(now - row.since)}`, ...nextText(row, now)].join(', ')}`
}
