/** How long the origin may do nothing while it should: read on, or answer. Time in which the next move is ours is free. */
export class AnswerDeadline {
  readonly #limitMs: number
  readonly #onPassed: () => void
  #timer: NodeJS.Timeout | undefined
  #running = false
  #over = false

  /** A limit of 0 never passes. */
  constructor(limitMs: number, onPassed: () => void) {
    this.#limitMs = limitMs
    this.#onPassed = onPassed
  }

  /** The next move is the origin's. */
  start(): void {
    if (this.#limitMs === 0 || this.#over) return
    this.#running = true
    if (this.#timer === undefined) this.#timer = setTimeout(checkSoon, this.#limitMs, this)
    else this.#timer.refresh()
  }

  /** The origin has moved. The timer is left to run out: the next start is near, and cheaper with it. */
  stop(): void {
    this.#running = false
  }

  /** It has answered, or need not any more. */
  end(): void {
    this.#over = true
    this.#running = false
    if (this.#timer !== undefined) clearTimeout(this.#timer)
  }

  check(): void {
    if (this.#running) this.#onPassed()
  }
}

/** After a stall of this process timers come first, and what has been waiting in the socket only then: let it in. */
function checkSoon(deadline: AnswerDeadline): void {
  setImmediate(check, deadline)
}

function check(deadline: AnswerDeadline): void {
  deadline.check()
}
