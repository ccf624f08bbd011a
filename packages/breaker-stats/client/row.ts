import { h, setText } from './dom.ts'
import { compact, latency, percent } from './format.ts'
import { stateIcon } from './icons.ts'
import { drawSparkline, type SparklineColours } from './sparkline.ts'
import { statusText } from './status-text.ts'
import type { Entry, Store } from './store.ts'
import type { RowState } from '#src/live/protocol'

/** One breaker on the board: a button that opens its details. */
export class RowView {
  readonly item: HTMLLIElement
  readonly button: HTMLButtonElement
  readonly #icon = h('span', { class: 'row-icon' })
  readonly #name: HTMLElement
  readonly #group = h('span', { class: 'chip' })
  readonly #status = h('span', { class: 'row-status' })
  readonly #reason = h('span', { class: 'row-reason' })
  readonly #rate = figure('row-figure', 'calls')
  readonly #failing = figure('row-figure', 'failing')
  readonly #latency = figure('row-figure row-latency', 'p95')
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
      this.#reason,
      this.#spark,
      this.#rate.element,
      this.#failing.element,
      this.#latency.element,
    )
    this.item = h('li', {}, this.button)
  }

  update(entry: Entry, store: Store, colours: SparklineColours): void {
    const { row, history, rate } = entry
    const isHeld = store.isHeldByGroup(row)
    if (this.#state !== row.state) {
      this.#state = row.state
      this.button.dataset.state = row.state
      this.#icon.replaceChildren(stateIcon(row.state))
    }
    setText(this.#status, isHeld ? 'Closed · refused by its group' : statusText(row, store.now))
    this.button.classList.toggle('is-held', isHeld)
    if (this.#shown === entry) return
    this.#shown = entry
    setText(this.#group, row.group ?? '')
    this.#group.hidden = row.group === null
    setText(this.#reason, row.state === 'closed' ? '' : (row.reason ?? ''))
    setText(this.#rate.value, `${compact(rate)} /s`)
    setText(this.#failing.value, row.calls === 0 ? '–' : percent(row.failureRatio))
    this.#failing.element.classList.toggle('is-bad', row.calls > 0 && row.failureRatio >= 0.05)
    setText(this.#latency.value, latency(row.p95))
    drawSparkline(this.#spark, history.samples, colours)
  }

  /** Draws anew even if nothing changed: the colours did. */
  forget(): void {
    this.#shown = undefined
  }
}

/** What the head of its column says is read out with it. */
function figure(
  className: string,
  name: string,
): { readonly element: HTMLElement; readonly value: HTMLElement } {
  const value = h('span', {})
  return {
    element: h('span', { class: className }, h('span', { class: 'visually-hidden' }, `${name} `), value),
    value,
  }
}
