import type { FleetCommand, FleetListener, FleetReply, FleetStore } from '@sluice/circuit-breaker/redis'
import { FleetModel } from '@sluice/circuit-breaker/testing'
import type { Chance } from './chance.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What a command costs the server: 60,000 a second, measured with a script of this kind. */
const SERVICE_MS = 1 / 60
/** What it takes a server to tell all of 1,000 subscribers: measured 29 ms to the last. */
const FAN_OUT_MS = 0.03

export interface NetworkOptions {
  /** One way, on average. Default 1. */
  latencyMs?: number
  /** Share of the messages that tell of verdicts which are lost. Default 0. */
  lost?: number
}

/** A server that does what Redis does with the fleet's scripts, and a network between it and the instances. */
export class Network {
  /** Commands that arrived. */
  commands = 0
  /** Instances that are cut off from it. */
  readonly cut: Set<number> = new Set()
  readonly #time: VirtualTime
  readonly #chance: Chance
  readonly #model: FleetModel
  readonly #options: Required<NetworkOptions>
  readonly #listeners = new Set<FleetListener>()
  #busyUntil = 0
  #down = false

  constructor(time: VirtualTime, chance: Chance, { latencyMs = 1, lost = 0 }: NetworkOptions = {}) {
    this.#time = time
    this.#chance = chance
    this.#options = { latencyMs, lost }
    this.#model = new FleetModel(() => Date.UTC(2026, 0) + Math.floor(time.now))
  }

  /** The server dies, with all that it knows. */
  kill(): void {
    this.#down = true
    this.#model.flush()
    for (const listener of this.#listeners) listener.lost('the server is gone')
  }

  /** It is back, and knows nothing. */
  restart(): void {
    this.#down = false
    for (const listener of this.#listeners) listener.found()
  }

  /** The store as an instance reaches it. */
  storeFor(instance: number): FleetStore {
    return {
      shards: 1,
      run: (_, command) => this.#run(instance, command),
      subscribe: (listener) => this.#subscribe(instance, listener),
      history: (shard, count) => this.#model.history(shard, count),
      standings: () => this.#model.standings(),
    }
  }

  #run(instance: number, command: FleetCommand): Promise<FleetReply> {
    return new Promise((resolve, reject) => {
      const arrival = this.#deliver(instance, () => {
        this.commands += 1
        this.#busyUntil = Math.max(this.#busyUntil, this.#time.now) + SERVICE_MS
        const reply = this.#model.execute(command)
        this.#deliver(instance, () => resolve(reply), this.#busyUntil - this.#time.now)
      })
      if (!arrival && this.#down) reject(new Error('not connected'))
    })
  }

  #subscribe(instance: number, listener: FleetListener): { close(): void } {
    this.#listeners.add(listener)
    const subscription = this.#model.subscribe({
      verdict: (shard, verdict) => {
        if (this.#chance.next() < this.#options.lost) return
        const place = FAN_OUT_MS * instance
        this.#deliver(instance, () => listener.verdict(shard, verdict), place)
      },
      found: () => undefined,
      lost: () => undefined,
    })
    return {
      close: () => {
        this.#listeners.delete(listener)
        subscription.close()
      },
    }
  }

  /** Whether it was sent at all; it may still be lost, since a partition may begin while it is under way. */
  #deliver(instance: number, arrive: () => void, afterMs = 0): boolean {
    if (this.#down || this.cut.has(instance)) return false
    const latencyMs = this.#options.latencyMs * (0.5 - 0.5 * Math.log(1 - this.#chance.next()))
    this.#time.at(this.#time.now + afterMs + latencyMs, () => {
      if (!this.#down && !this.cut.has(instance)) arrive()
    })
    return true
  }
}
