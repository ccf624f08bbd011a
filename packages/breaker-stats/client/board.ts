import type { RowState } from '#src/live/protocol'
import { byId, setAttribute, setText } from './dom.ts'
import { count } from './format.ts'
import { RowView } from './row.ts'
import type { SparklineColours } from './sparkline.ts'
import type { Entry, Store } from './store.ts'
import { colour } from './theme.ts'
import { arrange, type Filter, type Order } from './trouble.ts'

/** Rows above and below what is in view. */
const margin = 4

/**
 * All breakers. Only those in view have elements, so thousands cost no more than a dozen; one row is in the tab order,
 * and the arrow keys move on from there.
 */
export class Board {
  readonly #store: Store
  readonly #onOpen: (name: string) => void
  readonly #viewport = byId('board')
  readonly #list = byId('rows')
  readonly #empty = byId('board-empty')
  readonly #total = byId('board-count')
  readonly #views = new Map<string, RowView>()
  #shown: Entry[] = []
  #filter: Filter = { text: '', states: new Set(), order: 'trouble' }
  #current = 0
  #selected: string | undefined
  #colours: SparklineColours | undefined

  constructor(store: Store, onOpen: (name: string) => void) {
    this.#store = store
    this.#onOpen = onOpen
    this.#viewport.addEventListener('scroll', () => this.#render(), { passive: true })
    this.#list.addEventListener('keydown', (event) => this.#onKey(event))
    new ResizeObserver(() => this.#render()).observe(this.#viewport)
    byId('filter').addEventListener('input', (event) =>
      this.filter({ text: (event.target as HTMLInputElement).value }),
    )
    byId('order').addEventListener('change', (event) =>
      this.filter({ order: (event.target as HTMLSelectElement).value as Order }),
    )
  }

  /** Adds a state to those shown, or takes it away. */
  toggleState(state: RowState): ReadonlySet<RowState> {
    const states = new Set(this.#filter.states)
    if (!states.delete(state)) states.add(state)
    this.filter({ states })
    return states
  }

  filter(change: Partial<Filter>): void {
    this.#filter = { ...this.#filter, ...change }
    this.#viewport.scrollTop = 0
    this.#current = 0
    this.update()
  }

  select(name: string | undefined): void {
    this.#selected = name
    this.#render()
  }

  recolour(): void {
    this.#colours = undefined
    for (const view of this.#views.values()) view.forget()
    this.#render()
  }

  update(): void {
    const focused = this.#shown[this.#current]?.row.name
    this.#shown = arrange(this.#store.entries.values(), this.#filter)
    if (this.#list.contains(document.activeElement)) {
      const index = this.#shown.findIndex(({ row }) => row.name === focused)
      if (index !== -1) this.#current = index
    }
    const all = this.#store.entries.size
    setText(
      this.#total,
      this.#shown.length === all ? count(all) : `${count(this.#shown.length)} of ${count(all)}`,
    )
    this.#empty.hidden = this.#shown.length > 0
    setText(
      this.#empty,
      all === 0 ? 'No breakers yet: they appear with their first use.' : 'No breaker matches.',
    )
    this.#render()
  }

  #render(): void {
    this.#colours ??= {
      ok: colour('spark'),
      failed: colour('state-open'),
      rejected: colour('state-half-open'),
    }
    const height = rowHeight(this.#viewport)
    const first = Math.max(0, Math.floor(this.#viewport.scrollTop / height) - margin)
    const last = Math.min(
      this.#shown.length,
      Math.ceil((this.#viewport.scrollTop + this.#viewport.clientHeight) / height) + margin,
    )
    this.#current = Math.min(this.#current, Math.max(0, this.#shown.length - 1))
    this.#list.style.height = `${this.#shown.length * height}px`
    const wanted = new Set<string>()
    for (let i = first; i < last; i++) {
      const entry = this.#shown[i] as Entry
      wanted.add(entry.row.name)
      const view = this.#viewOf(entry.row.name)
      view.item.style.transform = `translateY(${i * height}px)`
      setAttribute(view.item, 'aria-posinset', String(i + 1))
      setAttribute(view.item, 'aria-setsize', String(this.#shown.length))
      setAttribute(view.button, 'tabindex', i === this.#current ? '0' : '-1')
      setAttribute(view.button, 'aria-current', entry.row.name === this.#selected ? 'true' : undefined)
      view.update(entry, this.#store, this.#colours)
    }
    for (const [name, { item }] of this.#views) {
      if (wanted.has(name)) continue
      item.remove()
      this.#views.delete(name)
    }
  }

  #viewOf(name: string): RowView {
    let view = this.#views.get(name)
    if (view === undefined) {
      view = new RowView(name, () => {
        this.#current = this.#shown.findIndex(({ row }) => row.name === name)
        this.#onOpen(name)
      })
      this.#views.set(name, view)
      this.#list.append(view.item)
    }
    return view
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#viewport.clientHeight / rowHeight(this.#viewport)) - 1)
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    this.#current = Math.max(0, Math.min(this.#shown.length - 1, this.#current + move))
    this.#reveal(this.#current)
    const name = this.#shown[this.#current]?.row.name
    if (name !== undefined) this.#views.get(name)?.button.focus({ preventScroll: true })
  }

  #reveal(index: number): void {
    const height = rowHeight(this.#viewport)
    const { scrollTop, clientHeight } = this.#viewport
    if (index * height < scrollTop) this.#viewport.scrollTop = index * height
    else if ((index + 1) * height > scrollTop + clientHeight) {
      this.#viewport.scrollTop = (index + 1) * height - clientHeight
    }
    this.#render()
  }
}

/** Set by the style sheet: higher on a phone. */
function rowHeight(viewport: HTMLElement): number {
  return Number.parseFloat(getComputedStyle(viewport).getPropertyValue('--row-height'))
}
