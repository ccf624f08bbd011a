import type { Clock, ClockTimer } from '../clock.ts'

interface Timer {
  readonly dueAt: number
  readonly fire: () => void
}

/** A clock that moves when it is told to. Timers fire in order, each at its own time. */
export class ManualClock implements Clock {
  #now: number
  readonly #epoch: number
  readonly #timers = new Set<Timer>()

  /** `now`: where monotonic time begins, in ms; `epoch`: epoch ms at that moment. */
  constructor({ now = 0, epoch = Date.UTC(2026, 0) }: { now?: number; epoch?: number } = {}) {
    this.#now = now
    this.#epoch = epoch - now
  }

  now(): number {
    return this.#now
  }

  wallNow(): number {
    return this.#epoch + this.#now
  }

  setTimer(fire: () => void, delayMs: number): ClockTimer {
    const timer = { dueAt: this.#now + delayMs, fire }
    this.#timers.add(timer)
    return { hold: () => undefined, cancel: () => void this.#timers.delete(timer) }
  }

  /** Moves on by `ms`, 0 or more. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#nextUntil(end); timer !== undefined; timer = this.#nextUntil(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.dueAt)
      timer.fire()
    }
    this.#now = end
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (next === undefined || timer.dueAt < next.dueAt)) next = timer
    }
    return next
  }
}
