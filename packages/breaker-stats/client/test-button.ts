import type { TestPhase, TestProgress } from '#src/live/protocol'
import { byId, setText } from './dom.ts'
import { SignInNeeded, type Session } from './session.ts'

const steps: readonly TestPhase[] = ['failing', 'waiting', 'healing', 'done']

/** Starts the circuit-breaker test and shows how far it is; hidden where the gateway offers none. */
export class TestButton {
  readonly #button = byId('run-test') as HTMLButtonElement
  readonly #section = byId('test')
  readonly #message = byId('test-message')
  readonly #steps = byId('test-steps')
  readonly #onStart: (breaker: string) => void
  #shown: TestProgress | null = null

  constructor(session: Session, path: string, onStart: (breaker: string) => void, onSignIn: () => void) {
    this.#onStart = onStart
    this.#button.hidden = path === ''
    this.#button.addEventListener('click', () => {
      session.post<{ breaker: string }>(path, {}).catch((error: unknown) => {
        if (error instanceof SignInNeeded) return onSignIn()
        this.#section.hidden = false
        setText(this.#message, (error as Error).message)
      })
    })
    byId('test-close').addEventListener('click', () => (this.#section.hidden = true))
  }

  show(progress: TestProgress | null): void {
    if (progress === this.#shown || progress === null) return
    const isNew = progress.startedAt !== this.#shown?.startedAt
    this.#shown = progress
    const isOver = progress.phase === 'done' || progress.phase === 'failed'
    this.#button.disabled = !isOver
    if (isNew && isOver) return
    if (isNew) this.#onStart(progress.breaker)
    this.#section.hidden = false
    setText(this.#message, progress.message)
    const at = steps.indexOf(progress.phase)
    Array.from(this.#steps.children).forEach((step, i) => {
      step.classList.toggle('is-done', i < at || progress.phase === 'done')
      step.classList.toggle('is-current', i === at && progress.phase !== 'done')
    })
    this.#section.dataset.phase = progress.phase
  }
}
