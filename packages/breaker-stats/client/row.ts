import { h, setAttribute, setText } from './dom.ts'
import { compact, duration, latency, percent } from './format.ts'
import { stateIcon } from './icons.ts'
import { drawSparkline, type SparklineColours } from './sparkline.ts'
import { stateStyles } from './states.ts'
import type { Entry } from './store.ts'
import type { RowState } from '#src/live/protocol'

/** One breaker on the board: a button that opens its details. */
export class RowView {
  readonly item: HTMLLIElement
  readonly button: HTMLButtonElement
  readonly #icon = h('span', { class: 'row-icon' })
  readonly #name: HTMLElement
  readonly #group = h('span', { class: 'chip' })
  readonly #status = h('span', { class: 'row-status' })
  readonly #rate = h('span', { class: 'row-figure' })
  readonly #failing = h('span', { class: 'row-figure' })
  readonly #latency = h('span', { class: 'row-figure row-latency' })
  readonly #spark = h('canvas', { class: 'row-spark', 'aria-hidden': 'true' })
  #shown: Entry | undefined
  #state: RowState | undefined

  constructor(name: string, onOpen: () => void) {
    this.#name = h('span', { class: 'row-name' }, name)
    this.button = h(
      'button',
      { type: 'button', class: 'row', tabindex: -1, onclick: onOpen },
      this.#icon,
      h(
        'span',
        { class: 'row-title' },
        h('span', { class: 'row-line' }, this.#name, this.#group),
        this.#status,
      ),
      this.#spark,
      this.#rate,
      this.#failing,
      this.#latency,
    )
    this.item = h('li', {}, this.button)
  }

  update(entry: Entry, now: number, colours: SparklineColours): void {
    const { row, history, rate } = entry
    const { label } = stateStyles[row.state]
    if (this.#state !== row.state) {
      this.#state = row.state
      this.button.dataset.state = row.state
      this.#icon.replaceChildren(stateIcon(row.state))
    }
    const wait = row.retryAt !== null && row.retryAt > now ? ` · again in ${duration(row.retryAt - now)}` : ''
    const scope = row.scope === 'local' ? '' : row.scope === 'fleet' ? ' · fleet' : ' · by hand'
    setText(
      this.#status,
      row.state === 'closed' ? label : `${label} ${duration(now - row.since)}${scope}${wait}`,
    )
    if (this.#shown === entry) return
    this.#shown = entry
    setText(this.#group, row.group ?? '')
    this.#group.hidden = row.group === null
    setText(this.#rate, `${compact(rate)} /s`)
    setText(this.#failing, row.calls === 0 ? '–' : percent(row.failureRatio))
    this.#failing.classList.toggle('is-bad', row.calls > 0 && row.failureRatio >= 0.05)
    setText(this.#latency, latency(row.p95))
    setAttribute(
      this.button,
      'aria-label',
      `${row.name}: ${label}, ${compact(rate)} calls a second, ${percent(row.failureRatio)} failing`,
    )
    drawSparkline(this.#spark, history.samples, colours)
  }

  /** Draws anew even if nothing changed: the colours did. */
  forget(): void {
    this.#shown = undefined
  }
}
