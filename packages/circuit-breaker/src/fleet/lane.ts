import type { Clock } from '../clock.ts'
import type { FleetCommand, FleetReply } from './fleet-store.ts'

/** What came of a command. */
export type LaneResult =
  | { readonly reply: FleetReply; readonly tookMs: number }
  | { readonly error: Error; readonly timedOut: boolean }

interface Task {
  readonly command: FleetCommand
  readonly done: (result: LaneResult) => void
}

export interface LaneCounters {
  /** Commands that were sent. */
  sent: number
  failed: number
  /** Commands that found the queue full. */
  dropped: number
}

/** The way to a store beside all requests: one command under way, a few that wait, each with a deadline. */
export class Lane {
  readonly counters: LaneCounters = { sent: 0, failed: 0, dropped: 0 }
  readonly #queue: Task[] = []
  readonly #run: (command: FleetCommand) => Promise<FleetReply>
  readonly #clock: Clock
  readonly #limits: { readonly commandTimeoutMs: number; readonly queue: number }
  #busy = false

  constructor(
    run: (command: FleetCommand) => Promise<FleetReply>,
    clock: Clock,
    limits: { readonly commandTimeoutMs: number; readonly queue: number },
  ) {
    this.#run = run
    this.#clock = clock
    this.#limits = limits
  }

  /** Whether it was taken; `first`: before all that wait, however many. */
  push(command: FleetCommand, done: Task['done'], first = false): boolean {
    if (!first && this.#queue.length >= this.#limits.queue) {
      this.counters.dropped += 1
      return false
    }
    if (first) this.#queue.unshift({ command, done })
    else this.#queue.push({ command, done })
    this.#next()
    return true
  }

  /** What waits is not sent any more. */
  clear(reason: string): void {
    for (const { done } of this.#queue.splice(0)) done({ error: new Error(reason), timedOut: false })
  }

  #next(): void {
    if (this.#busy) return
    const task = this.#queue.shift()
    if (task === undefined) return
    this.#busy = true
    this.counters.sent += 1
    const sentAt = this.#clock.now()
    const finish = (result: LaneResult): void => {
      if (settled) return
      settled = true
      timer.cancel()
      this.#busy = false
      if ('error' in result) this.counters.failed += 1
      task.done(result)
      this.#next()
    }
    let settled = false
    const { commandTimeoutMs } = this.#limits
    const timer = this.#clock.setTimer(
      () => finish({ error: new Error(`no answer within ${commandTimeoutMs} ms`), timedOut: true }),
      commandTimeoutMs,
    )
    timer.hold(false)
    this.#run(task.command).then(
      (reply) => finish({ reply, tookMs: this.#clock.now() - sentAt }),
      (error: unknown) => finish({ error: asError(error), timedOut: false }),
    )
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
