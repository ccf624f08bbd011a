import type { Row } from '#src/live/protocol'
import { byId, h, setText } from './dom.ts'
import { SignInNeeded, type Session } from './session.ts'

interface Action {
  readonly id: 'reset' | 'close' | 'open' | 'disable'
  readonly label: string
  readonly question: (name: string) => string
  readonly consequence: string
  /** Whether it holds until it ends or is ended. */
  readonly holds: boolean
  readonly isOffered: (row: Row) => boolean
}

const isForced = ({ state }: Row): boolean => state === 'forced-open' || state === 'disabled'

const actions: readonly Action[] = [
  {
    id: 'reset',
    label: 'Reset',
    question: (name) => `Reset ${name}?`,
    consequence: 'It closes, and its window begins anew. Calls go to the upstream at once.',
    holds: false,
    isOffered: () => true,
  },
  {
    id: 'close',
    label: 'Close',
    question: (name) => `Close ${name}?`,
    consequence: 'Calls go to the upstream again at once, as if it had recovered.',
    holds: false,
    isOffered: (row) => row.state !== 'closed',
  },
  {
    id: 'open',
    label: 'Force open',
    question: (name) => `Force ${name} open?`,
    consequence: 'Every call is refused, or answered by the fallback, whatever the upstream does.',
    holds: true,
    isOffered: (row) => row.state !== 'forced-open',
  },
  {
    id: 'disable',
    label: 'Disable',
    question: (name) => `Disable ${name}?`,
    consequence: 'Every call goes to the upstream, however often it fails. Nothing is protected.',
    holds: true,
    isOffered: (row) => row.state !== 'disabled',
  },
]

/** The buttons that act on a breaker. Each asks first, for a reason too, and says who is concerned. */
export class Controls {
  readonly #session: Session
  readonly #stats: string
  readonly #onSignIn: () => void
  readonly #buttons = new Map<Action, HTMLButtonElement>()
  readonly #dialog = byId('control') as HTMLDialogElement
  readonly #form = byId('control-form') as HTMLFormElement
  readonly #error = byId('control-error')
  #row: Row | undefined
  #action: Action | undefined

  constructor(session: Session, stats: string, onSignIn: () => void) {
    this.#session = session
    this.#stats = stats
    this.#onSignIn = onSignIn
    for (const action of actions) {
      const button = h(
        'button',
        { type: 'button', class: 'button', 'data-action': action.id, onclick: () => this.#ask(action) },
        action.label,
      )
      this.#buttons.set(action, button)
      byId('controls').append(button)
    }
    byId('control-cancel').addEventListener('click', () => this.#dialog.close())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#perform()
    })
  }

  show(row: Row): void {
    this.#row = row
    for (const [action, button] of this.#buttons) button.hidden = !action.isOffered(row)
    byId('control-lift').hidden = !isForced(row)
  }

  #ask(action: Action): void {
    const row = this.#row
    if (row === undefined) return
    this.#action = action
    this.#form.reset()
    setText(byId('control-title'), action.question(row.name))
    setText(byId('control-consequence'), action.consequence)
    setText(this.#error, '')
    byId('control-duration').hidden = !action.holds
    byId('control-scope').hidden = row.instances === null
    const reason = byId('control-reason') as HTMLInputElement
    reason.required = action.holds
    const confirm = byId('control-confirm')
    setText(confirm, action.label)
    confirm.classList.toggle('button-danger', action.holds)
    this.#dialog.showModal()
  }

  async #perform(): Promise<void> {
    const [row, action] = [this.#row, this.#action]
    if (row === undefined || action === undefined) return
    const values = new FormData(this.#form)
    const text = (name: string): string => (values.get(name) as string | null) ?? ''
    const [reason, forMs] = [text('reason').trim(), text('forMs')]
    try {
      await this.#session.post(`${this.#stats}/${encodeURIComponent(row.name)}/${action.id}`, {
        ...(reason === '' ? {} : { reason }),
        ...(action.holds && forMs !== '' ? { forMs } : {}),
        ...(row.instances === null ? {} : { scope: text('scope') }),
      })
      this.#dialog.close()
    } catch (error) {
      if (error instanceof SignInNeeded) {
        this.#dialog.close()
        this.#onSignIn()
      } else {
        setText(
          this.#error,
          error instanceof TypeError ? 'The gateway does not answer.' : (error as Error).message,
        )
      }
    }
  }
}
