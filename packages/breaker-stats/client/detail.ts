import type { BreakerView } from '#src/api/breaker-view'
import type { FleetView } from '#src/api/fleet-view'
import { BreakerCharts } from './charts.ts'
import type { Controls } from './controls.ts'
import { byId, h, setText } from './dom.ts'
import { duration } from './format.ts'
import { factList, optionList, transitionTable } from './detail-sections.ts'
import { fleetSection } from './fleet-section.ts'
import { stateIcon } from './icons.ts'
import type { Session } from './session.ts'
import { nextText } from './status-text.ts'
import { stateStyles } from './states.ts'
import type { Entry, Store } from './store.ts'
import { changesOf, renderTimeline, spansOf } from './timeline.ts'
import { toRowState } from './row-state.ts'

const refreshMs = 2_000

/** One breaker in full: what the board knows is shown at once, the rest is asked for while it is open. */
export class Detail {
  readonly #store: Store
  readonly #session: Session
  readonly #stats: string
  readonly #controls: Controls
  readonly #panel = byId('detail')
  readonly #title = byId('detail-title')
  readonly #state = byId('detail-state')
  readonly #reason = byId('detail-reason')
  readonly #body = byId('detail-body')
  #name: string | undefined
  #charts: BreakerCharts | undefined
  #askedAt = 0
  #shownState = ''

  constructor(store: Store, session: Session, stats: string, controls: Controls) {
    this.#store = store
    this.#session = session
    this.#stats = stats
    this.#controls = controls
  }

  get name(): string | undefined {
    return this.#name
  }

  show(name: string | undefined): void {
    const isNew = name !== this.#name
    this.#name = name
    this.#panel.hidden = name === undefined
    document.body.classList.toggle('has-detail', name !== undefined)
    if (!isNew) return
    this.#askedAt = 0
    this.#shownState = ''
    this.#recharge()
    if (name === undefined) return
    setText(this.#title, name)
    this.#body.replaceChildren()
    this.update()
    this.#title.focus({ preventScroll: true })
    this.#panel.scrollTop = 0
  }

  /** The charts anew, in the colours of the moment. */
  recolour(): void {
    if (this.#name === undefined) return
    this.#recharge()
    this.update()
  }

  update(): void {
    const name = this.#name
    if (name === undefined) return
    const entry = this.#store.entries.get(name)
    if (entry === undefined) {
      setText(this.#reason, 'This breaker is no more, or has not been used yet.')
      return
    }
    this.#showHead(entry)
    const changed = this.#shownState !== `${entry.row.state} ${entry.row.since}`
    this.#shownState = `${entry.row.state} ${entry.row.since}`
    if (changed || performance.now() - this.#askedAt >= refreshMs) void this.#ask(name)
    this.#charts?.update(entry.history.samples, this.#store.now)
  }

  #showHead({ row }: Entry): void {
    const { now } = this.#store
    const { label } = stateStyles[row.state]
    if (this.#state.dataset.state !== row.state) {
      this.#state.dataset.state = row.state
      this.#state.replaceChildren(stateIcon(row.state), h('span', {}))
    }
    setText(this.#state.lastElementChild as Element, `${label} for ${duration(now - row.since)}`)
    const held = this.#store.isHeldByGroup(row) ? [`refused by its group ${row.group}`] : []
    const parts = [row.reason ?? '', ...held, ...nextText(row, now)].filter((part) => part !== '')
    setText(this.#reason, sentence(parts.join('; ')))
    this.#controls.show(row)
  }

  async #ask(name: string): Promise<void> {
    this.#askedAt = performance.now()
    try {
      const address = `${this.#stats}/${encodeURIComponent(name)}`
      const view = await this.#session.get<BreakerView>(address)
      const fleet = view.fleet && (await this.#session.get<FleetView>(`${address}/fleet`))
      if (this.#name !== name) return
      this.#render(view, fleet)
    } catch {
      // The connection tells; what was known stays.
    }
  }

  #render(view: BreakerView, fleet: FleetView | undefined): void {
    const { now } = this.#store
    const changes = changesOf(view, fleet)
    const timeline = renderTimeline(spansOf(changes, toRowState(view.state), now), now)
    const open = new Set(
      Array.from(
        this.#body.querySelectorAll('details[open]'),
        (details) => (details as HTMLElement).dataset.section,
      ),
    )
    byId('detail-timeline').replaceChildren(timeline)
    byId('detail-facts').replaceChildren(factList(view))
    this.#body.replaceChildren(
      ...[fleetSection(view, fleet, now, open), transitionTable(view, now), optionList(view, open)].filter(
        (part) => part !== undefined,
      ),
    )
  }

  #recharge(): void {
    this.#charts?.destroy()
    this.#charts =
      this.#name === undefined
        ? undefined
        : new BreakerCharts(
            byId('chart-rates') as HTMLCanvasElement,
            byId('chart-latency') as HTMLCanvasElement,
          )
  }
}

function sentence(text: string): string {
  if (text === '') return ''
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}
