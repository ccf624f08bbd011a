import type { CallContext } from './call-context.ts'
import { Deadline, type Deadlines } from './deadlines.ts'

/** What may end a call before its function does. */
export interface CallBounds {
  /** The caller's own. */
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly deadlines: Deadlines
  readonly timeoutError: () => Error
}

/** One call that its caller or its deadline may end: it is told so by its signal, and not waited for any longer. */
export class BoundedCall extends Deadline implements CallContext {
  readonly #bounds: CallBounds
  #controller: AbortController | undefined
  #reject: ((reason: unknown) => void) | undefined
  readonly #onAbort = (): void => this.#end(this.#bounds.signal?.reason)

  constructor(bounds: CallBounds) {
    super()
    this.#bounds = bounds
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  run<T>(fn: (context: CallContext) => T | PromiseLike<T>): Promise<T> {
    const { signal, timeoutMs, deadlines } = this.#bounds
    // It may have aborted while the call waited for its place.
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject
      signal?.addEventListener('abort', this.#onAbort)
      if (timeoutMs !== undefined) deadlines.start(this, timeoutMs)
      invoke(fn, this).then(resolve, reject)
    })
  }

  /** The call is over: nothing is to end it any more. */
  release(): void {
    this.#bounds.signal?.removeEventListener('abort', this.#onAbort)
    this.#bounds.deadlines.stop(this)
  }

  override expire(): void {
    this.#end(this.#bounds.timeoutError())
  }

  #end(reason: unknown): void {
    this.release()
    this.#reject?.(reason)
    // Also for a signal that is read only later: the function must learn that nobody waits.
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }
}

/** A function that throws at once is no different from one that rejects. */
async function invoke<T>(fn: (context: CallContext) => T | PromiseLike<T>, context: CallContext): Promise<T> {
  return fn(context)
}
