import { Deadline } from '../execute/deadlines.ts'
import type { BreakerPermit } from '../breaker-permit.ts'
import type { Rejection } from '../rejection.ts'

export type Answer = BreakerPermit | Rejection

export interface WaiterCallbacks {
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
  readonly signal: AbortSignal | undefined
  /** Called once, whatever ends the wait. */
  readonly leave: () => void
  readonly onTimeout: () => Answer
}

/** One caller in a queue: it leaves with an answer, by its signal, or at its deadline. */
export class Waiter extends Deadline {
  readonly #callbacks: WaiterCallbacks
  readonly #onAbort = (): void => {
    this.#leave()
    this.#callbacks.reject(this.#callbacks.signal?.reason)
  }

  constructor(callbacks: WaiterCallbacks) {
    super()
    this.#callbacks = callbacks
    callbacks.signal?.addEventListener('abort', this.#onAbort)
  }

  answer(answer: Answer): void {
    this.#leave()
    this.#callbacks.resolve(answer)
  }

  override expire(): void {
    this.answer(this.#callbacks.onTimeout())
  }

  #leave(): void {
    this.#callbacks.signal?.removeEventListener('abort', this.#onAbort)
    this.#callbacks.leave()
  }
}
