import type { Clock, ClockTimer } from '../clock.ts'

/** Something that ends at a time unless it is taken off before. Links it to its neighbours in the list. */
export abstract class Deadline {
  dueAt = 0
  previous: Deadline | undefined
  next: Deadline | undefined
  list: DeadlineList | undefined

  abstract expire(): void
}

/** Deadlines of one length: the first to come is the first to end, so one timer is enough for all of them. */
class DeadlineList {
  #first: Deadline | undefined
  #last: Deadline | undefined
  #timer: ClockTimer | undefined
  readonly #clock: Clock
  readonly #durationMs: number
  readonly #idle: () => void
  readonly #fire = (): void => {
    this.#timer = undefined
    const now = this.#clock.now()
    for (let first = this.#first; first !== undefined && first.dueAt <= now; first = this.#first) {
      this.remove(first)
      first.expire()
    }
    if (this.#first === undefined) this.#idle()
    else if (this.#timer === undefined) this.#arm(this.#first.dueAt - now)
  }

  constructor(clock: Clock, durationMs: number, idle: () => void) {
    this.#clock = clock
    this.#durationMs = durationMs
    this.#idle = idle
  }

  add(deadline: Deadline): void {
    deadline.dueAt = this.#clock.now() + this.#durationMs
    deadline.list = this
    deadline.previous = this.#last
    if (this.#last === undefined) {
      this.#first = deadline
      this.#timer?.hold(true)
    } else {
      this.#last.next = deadline
    }
    this.#last = deadline
    if (this.#timer === undefined) this.#arm(this.#durationMs)
  }

  remove(deadline: Deadline): void {
    const { previous, next } = deadline
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    deadline.list = deadline.previous = deadline.next = undefined
    // The timer stays for the next call; it must not keep the process alive for nobody.
    if (this.#first === undefined) this.#timer?.hold(false)
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(this.#fire, Math.max(1, Math.ceil(delayMs)))
  }
}

/** All deadlines on one clock. Starting and ending one costs two links of a list; the timers belong to the lengths. */
export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(deadline: Deadline, durationMs: number): void {
    let list = this.#lists.get(durationMs)
    if (list === undefined) {
      list = new DeadlineList(this.#clock, durationMs, () => this.#lists.delete(durationMs))
      this.#lists.set(durationMs, list)
    }
    list.add(deadline)
  }

  stop(deadline: Deadline): void {
    deadline.list?.remove(deadline)
  }
}

const byClock = new WeakMap<Clock, Deadlines>()

/** The deadlines that all breakers on a clock share. */
export function deadlinesOf(clock: Clock): Deadlines {
  let deadlines = byClock.get(clock)
  if (deadlines === undefined) {
    deadlines = new Deadlines(clock)
    byClock.set(clock, deadlines)
  }
  return deadlines
}
