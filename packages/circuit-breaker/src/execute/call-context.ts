/** What a function run by `execute` is given. */
export interface CallContext {
  /** Aborts when the caller gives up or the call takes longer than it may. Made when it is first read. */
  readonly signal: AbortSignal
}

/** The context of a call that nothing ends early. */
export class UnboundedCall implements CallContext {
  #controller: AbortController | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }
}
