import type {
  BeatCommand,
  FleetCommand,
  FleetListener,
  FleetReply,
  FleetStore,
  FleetSubscription,
  FleetVerdict,
  LeaseCommand,
  PastVerdict,
  SettleCommand,
  Standing,
  VoteCommand,
} from '../fleet/fleet-store.ts'
import { noProbes, type Transition, type VerdictRecord } from './verdict-record.ts'

type BreakerCommand = Exclude<FleetCommand, BeatCommand>

const KEPT_MS = 600_000
const SAME_MS = 1_000

/**
 * A store of one shard in memory, which does what the scripts in `lua/` do, line by line: for tests without Redis, and for
 * simulations. `now` is its own clock, epoch ms.
 */
export class FleetModel implements FleetStore {
  readonly shards = 1
  readonly #now: () => number
  #records = new Map<string, VerdictRecord>()
  #instances = new Map<string, number>()
  #standings = new Map<string, Omit<Standing, 'heardMs'>>()
  #zones = new Map<string, number>()
  #votes = new Map<string, Map<string, { readonly zone: string; readonly until: number }>>()
  #log: PastVerdict[] = []
  #version: string | undefined
  readonly #listeners = new Set<FleetListener>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** What FLUSHALL does. */
  flush(): void {
    this.#records = new Map()
    this.#instances = new Map()
    this.#standings = new Map()
    this.#zones = new Map()
    this.#votes = new Map()
    this.#log = []
    this.#version = undefined
  }

  async run(_shard: number, command: FleetCommand): Promise<FleetReply> {
    return this.execute(command)
  }

  /** The same, at once. */
  execute(command: FleetCommand): FleetReply {
    switch (command.type) {
      case 'beat':
        return this.#beat(command)
      case 'vote':
        return this.#vote(command)
      case 'lease':
        return this.#lease(command)
      case 'settle':
        return this.#settle(command)
      case 'control': {
        const { state, cause, reason, actor, forMs } = command
        const ends = forMs === undefined ? undefined : this.#now() + forMs
        const to = { state, cause, reason, actor, ends, openCount: 0 }
        return this.#reply(command, this.#transition(command, to))
      }
      case 'pause':
        return this.#pause(command)
      case 'assert':
        return this.#assert(command)
    }
  }

  subscribe(listener: FleetListener): FleetSubscription {
    this.#listeners.add(listener)
    return { close: () => void this.#listeners.delete(listener) }
  }

  async history(_shard: number, count: number): Promise<readonly PastVerdict[]> {
    return this.#log.slice(-count).reverse()
  }

  async standings(): Promise<readonly Standing[]> {
    const now = this.#now()
    return [...this.#standings.values()].map(({ instance, zone, mode, dissent }) => {
      const heardMs = now - this.#instances.get(instance)!
      return { instance, zone, mode, dissent, heardMs }
    })
  }

  #beat({ instance, zone, leaving, version, aliveMs, mode, dissent }: BeatCommand): FleetReply {
    const now = this.#now()
    if (this.#version !== undefined && this.#version !== version) {
      throw new Error(`SLUICE_FLEET_VERSION found ${this.#version}, need ${version}`)
    }
    this.#version = version
    for (const heard of [this.#instances, this.#zones]) {
      for (const [name, at] of heard) if (at <= now - aliveMs) heard.delete(name)
    }
    if (leaving) {
      this.#instances.delete(instance)
    } else {
      this.#instances.set(instance, now)
      this.#zones.set(zone, now)
      this.#standings.set(instance, { instance, zone, mode, dissent })
    }
    for (const name of this.#standings.keys()) if (!this.#instances.has(name)) this.#standings.delete(name)
    for (const [breaker, { state, ends, since }] of this.#records) {
      const forced = state === 'forced-open' || state === 'disabled'
      if ((!forced || ends !== undefined) && now - (ends ?? since) > KEPT_MS) this.#records.delete(breaker)
    }
    const verdicts = [...this.#records.values()].map((record) => this.#verdictOf(record))
    const instances = this.#countInstances(aliveMs)
    return { now, instances, ...(verdicts.length === 0 ? {} : { verdicts }) }
  }

  #vote(command: VoteCommand): FleetReply {
    const now = this.#now()
    const record = this.#records.get(command.breaker)
    const state = this.#stateOf(record)
    const stale = record !== undefined && record.epoch > command.epoch
    if (stale || state === 'open' || state === 'forced-open' || state === 'disabled') {
      return this.#reply(command, record, { votes: record?.votes ?? 0 })
    }
    const voters = this.#votes.get(command.breaker) ?? new Map()
    this.#votes.set(command.breaker, voters)
    for (const [voter, { until }] of voters) if (until <= now) voters.delete(voter)
    const { zone, instance, ttlMs } = command
    voters.set(`${zone}\n${instance}`, { zone, until: now + ttlMs })
    const votes = voters.size
    const instances = this.#countInstances(command.aliveMs)
    const zones = new Set([...voters.values()].map((vote) => vote.zone))
    const alive = [...this.#zones.values()].filter((at) => at >= now - command.aliveMs)
    const enough = votes >= Math.max(command.minVotes, Math.ceil(command.quorum * instances))
    if (!enough || (alive.length > 1 && zones.size < 2)) return this.#reply(command, record, { votes })
    const reason = `${votes} of ${instances} instances: ${command.reason}`
    return this.#reply(command, this.#trip(command, record, reason, votes), { votes })
  }

  #lease(command: LeaseCommand): FleetReply {
    const now = this.#now()
    let record = this.#records.get(command.breaker)
    if (record === undefined || record.epoch < command.epoch) {
      const { breaker, epoch, openCount } = command
      const known = { breaker, epoch, openCount, state: 'open', cause: 'trip', ...noProbes() } as const
      record = { ...known, reason: 'time to look again', since: now, ends: now }
    }
    if (this.#stateOf(record) !== 'half-open' || record.epoch > command.epoch) {
      return this.#reply(command, record)
    }
    record.leases = record.leases.filter(({ ends }) => now < ends)
    const settled = record.successes + record.failures
    if (record.deadline !== undefined && now >= record.deadline) {
      const decided = settled > 0 ? this.#conclude(command, record, settled) : undefined
      if (decided !== undefined) return this.#reply(command, decided)
      record.deadline = undefined
    }
    const { concurrency, max, maxWaitMs } = command.probe
    const free = record.leases.length < concurrency && record.leases.length + settled < max
    if (free) {
      record.granted += 1
      record.deadline ??= now + maxWaitMs
      record.leases.push({ id: record.granted, ends: now + command.ttlMs })
    }
    this.#records.set(command.breaker, record)
    return this.#reply(command, record, free ? { lease: record.granted } : {})
  }

  #settle(command: SettleCommand): FleetReply {
    const now = this.#now()
    const record = this.#records.get(command.breaker)
    if (record === undefined || this.#stateOf(record) !== 'half-open' || record.epoch !== command.epoch) {
      return this.#reply(command, record)
    }
    const live = record.leases.filter(({ ends }) => now < ends)
    record.leases = live.filter(({ id }) => id !== command.lease)
    if (live.length === record.leases.length) return this.#reply(command, record)
    if (command.outcome === 'success') record.successes += 1
    else if (command.outcome === 'failure') record.failures += 1
    return this.#reply(command, this.#conclude(command, record, command.probe.max) ?? record)
  }

  #pause(command: Extract<FleetCommand, { type: 'pause' }>): FleetReply {
    const record = this.#records.get(command.breaker)
    const state = this.#stateOf(record)
    const ends = this.#now() + command.forMs
    const open = state === 'open'
    if (state === 'forced-open' || state === 'disabled' || (open && ends < record!.ends! + SAME_MS)) {
      return this.#reply(command, record)
    }
    const cause = open ? record!.cause : 'pause'
    const { reason } = command
    return this.#reply(command, this.#transition(command, { state: 'open', cause, reason, ends }))
  }

  #assert(command: Extract<FleetCommand, { type: 'assert' }>): FleetReply {
    const now = this.#now()
    const record = this.#records.get(command.breaker)
    if (record !== undefined && record.epoch >= command.epoch) return this.#reply(command, record)
    const { epoch, state, reason, actor, cause, openCount, forMs, elapsedMs } = command
    const times = { since: now - elapsedMs, ends: forMs === undefined ? undefined : now + forMs }
    const to = { state, epoch, reason, actor, cause, openCount, ...times }
    return this.#reply(command, this.#transition(command, to))
  }

  #conclude(
    command: LeaseCommand | SettleCommand,
    record: VerdictRecord,
    max: number,
  ): VerdictRecord | undefined {
    const { successes, failures } = record
    const needed = Math.max(1, Math.ceil((command.probe.successRatio - 0.005) * max - 1e-9))
    const reason = `${successes} of ${successes + failures} probes succeeded`
    if (successes >= needed) return this.#transition(command, { state: 'recovering', reason })
    return failures > max - needed ? this.#trip(command, record, reason) : undefined
  }

  #trip(
    command: VoteCommand | LeaseCommand | SettleCommand,
    before: VerdictRecord | undefined,
    reason: string,
    votes?: number,
  ): VerdictRecord {
    const now = this.#now()
    const { durationMs, maxMs, factor } = command.open
    const state = this.#stateOf(before)
    let count = before?.openCount ?? 0
    if (before !== undefined && (state === 'closed' || state === 'recovering')) {
      count = Math.max(0, count - Math.floor((now - before.since) / durationMs))
    }
    const openCount = count + 1
    const lengthMs = Math.min(maxMs, durationMs * factor ** (openCount - 1))
    const ends = now + Math.floor(lengthMs * command.spread)
    return this.#transition(command, { state: 'open', cause: 'trip', reason, votes, openCount, ends })
  }

  #transition({ breaker, epoch }: BreakerCommand, to: Transition): VerdictRecord {
    const now = this.#now()
    const before = this.#records.get(breaker)
    const record: VerdictRecord = {
      since: now,
      openCount: before?.openCount ?? 0,
      epoch: Math.max(now, epoch + 1, (before?.epoch ?? -1) + 1),
      ...noProbes(),
      ...to,
      breaker,
    }
    this.#records.set(breaker, record)
    this.#votes.delete(breaker)
    const verdict = { ...this.#verdictOf(record), at: now }
    this.#log.push(verdict)
    for (const listener of this.#listeners) listener.verdict(0, verdict)
    return record
  }

  #stateOf(record: VerdictRecord | undefined): FleetVerdict['state'] {
    if (record === undefined) return 'closed'
    if (record.ends === undefined || this.#now() < record.ends) return record.state
    return record.state === 'open' ? 'half-open' : 'closed'
  }

  #verdictOf(record: VerdictRecord): FleetVerdict {
    const now = this.#now()
    const { breaker, epoch, reason, actor, cause, openCount, votes, ends, since } = record
    const state = this.#stateOf(record)
    return {
      breaker,
      epoch,
      state: state === 'half-open' ? 'open' : state,
      reason,
      openCount,
      elapsedMs: now - since,
      ...(actor === undefined ? {} : { actor }),
      ...(cause === undefined ? {} : { cause }),
      ...(votes === undefined ? {} : { votes }),
      ...(ends === undefined ? {} : { forMs: Math.max(0, ends - now) }),
    }
  }

  #reply(
    { aliveMs }: FleetCommand,
    record: VerdictRecord | undefined,
    more: { votes?: number; lease?: number } = {},
  ): FleetReply {
    const verdicts = record === undefined ? {} : { verdicts: [this.#verdictOf(record)] }
    return { now: this.#now(), instances: this.#countInstances(aliveMs), ...more, ...verdicts }
  }

  #countInstances(aliveMs: number): number {
    const oldest = this.#now() - aliveMs
    let count = 0
    for (const at of this.#instances.values()) if (at >= oldest) count += 1
    return count
  }
}
