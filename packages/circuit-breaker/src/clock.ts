import { performance } from 'node:perf_hooks'

/** Where a breaker gets its time from. Everything that must be tested without waiting goes through it. */
export interface Clock {
  /** Monotonic time in ms; its origin is arbitrary. */
  now(): number
  /** Epoch time in ms, for reports alone: no decision rests on it. */
  wallNow(): number
  /** Calls `fire` once, `delayMs` from now. */
  setTimer(fire: () => void, delayMs: number): ClockTimer
}

export interface ClockTimer {
  /** Whether the timer keeps the process alive; it does at first. */
  hold(alive: boolean): void
  cancel(): void
}

/**
 * The default. Reading a clock costs more than all the rest of a call, so one reading serves a turn of the event
 * loop, and at most 16 readers: work that blocks the loop may be measured short by as much as it blocks.
 */
class TurnClock implements Clock {
  #now = 0
  #readers = 0
  readonly #endTurn = (): void => {
    this.#armed = false
    this.#readers = 0
  }
  #armed = false

  now(): number {
    this.#readers -= 1
    return this.#readers < 0 ? this.#read() : this.#now
  }

  wallNow(): number {
    return Date.now()
  }

  #read(): number {
    if (!this.#armed) {
      this.#armed = true
      setImmediate(this.#endTurn)
    }
    this.#readers = 15
    this.#now = performance.now()
    return this.#now
  }

  setTimer(fire: () => void, delayMs: number): ClockTimer {
    const timeout = setTimeout(fire, delayMs)
    return {
      hold: (alive) => void (alive ? timeout.ref() : timeout.unref()),
      cancel: () => clearTimeout(timeout),
    }
  }
}

export const systemClock: Clock = new TurnClock()
