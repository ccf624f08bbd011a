import type { Clock, ClockTimer } from '../clock.ts'
import type { FleetMode } from './fleet-status.ts'
import type { ResolvedFleetTuning } from './fleet-options.ts'
import type { BeatCommand, Dissent, FleetCommand, FleetReply, FleetStore } from './fleet-store.ts'
import { Lane, type LaneCounters, type LaneResult } from './lane.ts'

/** Who uses keys by other rules is of another version. */
export const FLEET_VERSION = 'sluice-fleet:1'

/** So many commands in a row without an answer, and the store counts as lost. */
const TIMEOUTS = 3
const RETRY_MS = 200
const BACKOFF_MS = 1_000
/** No longer: it costs a server that is ill less than the beats of one that is well, and a failover is over in seconds. */
const LONGEST_BACKOFF_MS = 4_000
/** How often a beat comes early because something changed, at most. */
const REPORT_MS = 1_000

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
  /** What this instance has to say of itself. */
  report(): { readonly mode: FleetMode; readonly dissent: readonly Dissent[] }
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
  #dueAt = Infinity
  #beatAt = -Infinity
  #unreported = false
  /** What the store's clock is ahead of ours, to half of what a command takes. */
  #aheadMs: number | undefined
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
        this.#heard(result)
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
    this.#unreported = false
    this.#beatAt = this.#environment.clock.now()
    this.#timer?.cancel()
    this.#lane.push(this.#beatCommand(false), (result) => this.#beaten(result), true)
  }

  /** The same a little later: not all instances at the same time. */
  beatSoon(): void {
    if (this.#beating || this.#closed) return
    if (this.instances < 20) this.beat()
    else this.#schedule(this.#environment.random() * Math.min(1_000, this.instances))
  }

  /** What this instance says of itself has changed, and operators should not have to wait for the next beat. */
  reportSoon(): void {
    this.#unreported = true
    if (!this.#beating) this.#scheduleReport()
  }

  /** How long ago the store told the time `at`, in ms, by both clocks. Undefined: the store's is not known. */
  lagMs(at: number): number | undefined {
    if (this.#aheadMs === undefined) return undefined
    return Math.max(0, this.#environment.clock.now() + this.#aheadMs - at)
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
      this.#heard(result)
      this.#observer.beaten(result.reply, awayMs)
      if (!before) this.#observer.changed()
      this.#schedule(tuning.beatMs * (0.8 + 0.4 * random()))
      if (this.#unreported) this.#scheduleReport()
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

  #heard({ reply, tookMs }: { readonly reply: FleetReply; readonly tookMs: number }): void {
    this.#heardAt = this.#environment.clock.now()
    this.#aheadMs = reply.now - (this.#heardAt - tookMs / 2)
    this.instances = reply.instances
  }

  #retryMs(): number {
    if (this.#failures < TIMEOUTS) return RETRY_MS
    const grown = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** (this.#failures - TIMEOUTS))
    return grown * (0.8 + 0.4 * this.#environment.random())
  }

  #scheduleReport(): void {
    const { clock, random } = this.#environment
    const now = clock.now()
    const spreadMs = Math.min(REPORT_MS, Math.max(100, this.instances))
    const dueAt = Math.max(now + random() * spreadMs, this.#beatAt + REPORT_MS)
    if (this.online && dueAt < this.#dueAt) this.#schedule(dueAt - now)
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#closed) return
    this.#dueAt = this.#environment.clock.now() + delayMs
    this.#timer = this.#environment.clock.setTimer(() => this.beat(), delayMs)
    this.#timer.hold(false)
  }

  #beatCommand(leaving: boolean): BeatCommand {
    const { instance, zone, beatMs } = this.#environment.tuning
    const version = `${FLEET_VERSION}:${this.#environment.store.shards}`
    const about = this.#observer.report()
    return { type: 'beat', aliveMs: 3 * beatMs, instance, zone, leaving, version, ...about }
  }
}
