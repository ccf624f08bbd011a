import type { Clock, ClockTimer } from '@sluice/circuit-breaker'

interface Timer {
  readonly dueAt: number
  readonly order: number
  fire: (() => void) | undefined
}

/** Time that passes only when it is told to, for many timers: a binary heap, the earliest first. */
export class VirtualTime {
  now = 0
  #order = 0
  readonly #heap: Timer[] = []

  at(dueAt: number, fire: () => void): () => void {
    const timer: Timer = { dueAt: Math.max(dueAt, this.now), order: (this.#order += 1), fire }
    this.#push(timer)
    return () => void (timer.fire = undefined)
  }

  /** Moves on, firing what is due on the way; promises settled by a timer are followed before the next one. */
  async advanceTo(end: number): Promise<void> {
    for (let first = this.#heap[0]; first !== undefined && first.dueAt <= end; first = this.#heap[0]) {
      this.#pop()
      this.now = first.dueAt
      if (first.fire === undefined) continue
      first.fire()
      await new Promise(setImmediate)
    }
    this.now = end
  }

  /** Whether anything happens until then. */
  isDue(end: number): boolean {
    const first = this.#heap[0]
    return first !== undefined && first.dueAt <= end
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}

/** How one host sees that time: its clocks began elsewhere, and its wall clock is wrong by `skewMs`. */
export class HostClock implements Clock {
  readonly #time: VirtualTime
  readonly #origin: number
  readonly #skewMs: number

  constructor(time: VirtualTime, origin: number, skewMs: number) {
    this.#time = time
    this.#origin = origin
    this.#skewMs = skewMs
  }

  now(): number {
    return this.#origin + this.#time.now
  }

  wallNow(): number {
    return Date.UTC(2026, 0) + this.#time.now + this.#skewMs
  }

  setTimer(fire: () => void, delayMs: number): ClockTimer {
    const cancel = this.#time.at(this.#time.now + delayMs, fire)
    return { hold: () => undefined, cancel }
  }
}
