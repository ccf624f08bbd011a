import type { Clock, ClockTimer } from '../clock.ts'
import type { ResolvedFleetTuning } from './fleet-options.ts'
import type { BeatCommand, FleetCommand, FleetReply, FleetStore } from './fleet-store.ts'
import { Lane, type LaneCounters, type LaneResult } from './lane.ts'

/** Who uses keys by other rules is of another version. */
export const FLEET_VERSION = 'sluice-fleet:1'

/** So many commands in a row without an answer, and the store counts as lost. */
const TIMEOUTS = 3
const RETRY_MS = 200
const BACKOFF_MS = 1_000
/** No longer: it costs a server that is ill less than the beats of one that is well, and a failover is over in seconds. */
const LONGEST_BACKOFF_MS = 4_000

export interface LinkEnvironment {
  readonly store: FleetStore
  readonly tuning: ResolvedFleetTuning
  readonly clock: Clock
  readonly random: () => number
}

export interface LinkObserver {
  /** A beat was answered; `awayMs`: how long nothing was heard before. */
  beaten(reply: FleetReply, awayMs: number): void
  /** Any other command was. */
  answered(reply: FleetReply): void
  /** It was lost or found, or tried in vain to find it. */
  changed(): void
}

/** This instance's link to one shard of the store: shows that it is alive, and knows whether the store is there. */
export class ShardLink {
  online = false
  /** Why it is not online. */
  reason = 'not connected yet'
  instances = 0
  readonly #environment: LinkEnvironment
  readonly #observer: LinkObserver
  readonly #lane: Lane
  #timer: ClockTimer | undefined
  #heardAt = -Infinity
  #failures = 0
  #beating = false
  #closed = false

  constructor(shard: number, environment: LinkEnvironment, observer: LinkObserver) {
    const { store, clock, tuning } = environment
    this.#environment = environment
    this.#observer = observer
    this.#lane = new Lane((command) => store.run(shard, command), clock, tuning)
  }

  get counters(): Readonly<LaneCounters> {
    return this.#lane.counters
  }

  /** Sends it, if the store is there and the queue has room. `done` is told the reply, if there is one. */
  send(command: FleetCommand, done: (reply: FleetReply | undefined) => void): boolean {
    if (!this.online || this.#closed) return false
    return this.#lane.push(command, (result) => {
      if ('reply' in result) {
        this.#failures = 0
        this.#heard(result.reply)
        this.#observer.answered(result.reply)
        done(result.reply)
      } else {
        done(undefined)
        if (!this.online) return
        this.#failed(result)
        // A refusal may be about this command alone: the beat tells.
        this.beat()
      }
    })
  }

  /** Now, and then again and again. */
  beat(): void {
    if (this.#beating || this.#closed) return
    this.#beating = true
    this.#timer?.cancel()
    this.#lane.push(this.#beatCommand(false), (result) => this.#beaten(result), true)
  }

  /** The same a little later: not all instances at the same time. */
  beatSoon(): void {
    if (this.#beating || this.#closed) return
    if (this.instances < 20) this.beat()
    else this.#schedule(this.#environment.random() * Math.min(1_000, this.instances))
  }

  lost(reason: string): void {
    if (this.#closed) return
    const before = this.online
    this.online = false
    this.reason = reason
    this.#lane.clear(reason)
    if (before) this.#schedule(this.#retryMs())
    this.#observer.changed()
  }

  /** Says goodbye, if there is somebody to say it to. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#lane.clear('closed')
    if (this.online) this.#lane.push(this.#beatCommand(true), () => undefined, true)
    this.online = false
    this.#timer?.cancel()
  }

  #beaten(result: LaneResult): void {
    if (this.#closed) return
    this.#beating = false
    if ('reply' in result) {
      const { clock, tuning, random } = this.#environment
      const awayMs = clock.now() - this.#heardAt
      const before = this.online
      this.#failures = 0
      this.online = true
      this.#heard(result.reply)
      this.#observer.beaten(result.reply, awayMs)
      if (!before) this.#observer.changed()
      this.#schedule(tuning.beatMs * (0.8 + 0.4 * random()))
    } else {
      this.#failed(result)
      if (!result.timedOut) this.lost(result.error.message)
      this.#schedule(this.#retryMs())
    }
  }

  #failed({ error, timedOut }: { error: Error; timedOut: boolean }): void {
    this.#failures += 1
    if (timedOut && this.#failures >= TIMEOUTS) this.lost(error.message)
  }

  #heard(reply: FleetReply): void {
    this.#heardAt = this.#environment.clock.now()
    this.instances = reply.instances
  }

  #retryMs(): number {
    if (this.#failures < TIMEOUTS) return RETRY_MS
    const grown = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** (this.#failures - TIMEOUTS))
    return grown * (0.8 + 0.4 * this.#environment.random())
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#closed) return
    this.#timer = this.#environment.clock.setTimer(() => this.beat(), delayMs)
    this.#timer.hold(false)
  }

  #beatCommand(leaving: boolean): BeatCommand {
    const { instance, zone, beatMs } = this.#environment.tuning
    const version = `${FLEET_VERSION}:${this.#environment.store.shards}`
    return { type: 'beat', aliveMs: 3 * beatMs, instance, zone, leaving, version }
  }
}
