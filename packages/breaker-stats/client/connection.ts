import { byId, setText } from './dom.ts'
import type { Connection } from './feed.ts'
import { duration } from './format.ts'

/** Frames come every second, with very many breakers every few. */
const staleAfterMs = 5_000

/** Says how fresh the page is: a word in the corner, and a bar across it once it is no longer. */
export class ConnectionStatus {
  readonly #word = byId('connection')
  readonly #stale = byId('stale')
  readonly #staleText = byId('stale-text')
  #connection: Connection = { kind: 'connecting' }
  #frameAt = 0
  #usualGapMs = 0

  show(connection: Connection): void {
    this.#connection = connection
    this.update()
  }

  frame(): void {
    const now = Date.now()
    if (this.#frameAt !== 0)
      this.#usualGapMs = Math.min(15_000, Math.max(now - this.#frameAt, this.#usualGapMs * 0.9))
    this.#frameAt = now
  }

  update(): void {
    const connection = this.#connection
    this.#word.dataset.kind = connection.kind
    setText(this.#word.lastElementChild as Element, words[connection.kind])
    const age = Date.now() - this.#frameAt
    const isStale =
      this.#frameAt !== 0 &&
      (connection.kind === 'lost' || age > Math.max(staleAfterMs, 3 * this.#usualGapMs))
    this.#stale.hidden = !isStale
    document.body.classList.toggle('is-stale', isStale)
    if (!isStale) return
    const retry =
      connection.kind === 'lost' ? ` Trying again in ${duration(connection.retryAt - Date.now())}.` : ''
    setText(this.#staleText, `Connection lost: this is what was known ${duration(age)} ago.${retry}`)
  }
}

const words: Readonly<Record<Connection['kind'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Polling',
  lost: 'Lost',
  'signed-out': 'Signed out',
  refused: 'Refused',
}
