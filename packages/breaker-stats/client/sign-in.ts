import { byId, setText } from './dom.ts'
import type { Session } from './session.ts'

/** Asks for the API key, and again after a wrong one. */
export class SignIn {
  readonly #session: Session
  readonly #section = byId('sign-in')
  readonly #input = byId('key') as HTMLInputElement
  readonly #error = byId('sign-in-error')
  readonly #signOut = byId('sign-out') as HTMLButtonElement

  constructor(session: Session, onSignIn: () => void, onSignOut: () => void) {
    this.#session = session
    byId('sign-in-form').addEventListener('submit', (event) => {
      event.preventDefault()
      const key = this.#input.value.trim()
      if (key === '') return
      session.signIn(key)
      this.#input.value = ''
      this.hide()
      onSignIn()
    })
    this.#signOut.addEventListener('click', () => {
      session.signOut()
      onSignOut()
      this.ask('')
    })
    this.hide()
  }

  /** @param refusal why the last key was not let in */
  ask(refusal: string): void {
    setText(
      this.#error,
      refusal !== '' ? refusal : this.#session.hasKey ? 'This key is not, or no longer, accepted.' : '',
    )
    this.#section.hidden = false
    document.body.classList.add('is-signed-out')
    this.#input.focus()
  }

  hide(): void {
    this.#section.hidden = true
    document.body.classList.remove('is-signed-out')
    this.#signOut.hidden = !this.#session.hasKey
  }
}
