import type { Outcome } from '../outcome.ts'
import type { BreakerCoordinator, FleetControl, FleetMember } from './coordinator.ts'
import type {
  FleetCounters,
  FleetEvent,
  FleetFacts,
  FleetMode,
  FleetStatus,
  InstanceVerdict,
} from './fleet-status.ts'
import type { Dissent, FleetReply, FleetSubscription, FleetVerdict, PastVerdict } from './fleet-store.ts'
import { HeldVerdict } from './held-verdict.ts'
import { Member } from './member.ts'
import { type LinkEnvironment, ShardLink } from './shard-link.ts'
import { StoreReadings } from './store-readings.ts'

/** So many breakers that stand otherwise than the fleet decided does an instance tell of, for each shard. */
const DISSENT = 100

/**
 * The instances that watch the same upstreams, as one of them sees it: local breakers detect, the fleet votes, the
 * store arbitrates. Nothing here is awaited by a call; without the store each breaker goes on by itself.
 */
export class Fleet implements BreakerCoordinator, FleetFacts {
  readonly facts: FleetFacts = this
  readonly #environment: LinkEnvironment
  readonly #links: ShardLink[]
  readonly #members: Map<string, Member>[]
  /** What is known of breakers, also of those that are not there yet. */
  readonly #heard: Map<string, HeldVerdict>[]
  readonly #subscription: FleetSubscription
  readonly #readings: StoreReadings
  readonly #modes: Record<FleetMode, number> = { shared: 0, stale: 0, local: 0 }
  readonly #listeners = new Set<(event: FleetEvent) => void>()
  #mode: FleetMode = 'local'
  #lagMs: number | undefined
  #settled: (() => void)[] = []

  constructor(environment: LinkEnvironment) {
    this.#environment = environment
    const shards = Array.from({ length: environment.store.shards }, (_, shard) => shard)
    this.#members = shards.map(() => new Map())
    this.#heard = shards.map(() => new Map())
    this.#links = shards.map((shard) => this.#createLink(shard))
    this.#readings = new StoreReadings(environment.store, environment.clock)
    this.#subscription = environment.store.subscribe({
      verdict: (shard, verdict) => this.#pushed(shard, verdict),
      found: () => this.#eachUsed((link) => link.beatSoon()),
      lost: (reason) => this.#eachUsed((link) => link.lost(reason)),
    })
  }

  /** `shared`: all is well; `stale`: the store is lost, and verdicts of before are in force; `local`: it is lost. */
  get mode(): FleetMode {
    return this.#mode
  }

  get counters(): FleetCounters {
    const sum = { sent: 0, failed: 0, dropped: 0, modes: { ...this.#modes }, lagMs: this.#lagMs }
    for (const { counters } of this.#links) {
      sum.sent += counters.sent
      sum.failed += counters.failed
      sum.dropped += counters.dropped
    }
    return sum
  }

  /** Waits until the fleet's verdicts are known, or the store turned out to be out of reach; at most for `withinMs`. */
  async ready(withinMs = 250): Promise<void> {
    if (this.#mode === 'shared' || this.#used().length === 0) return
    await new Promise<void>((resolve) => {
      this.#settled.push(resolve)
      this.#environment.clock.setTimer(resolve, withinMs)
    })
  }

  /** Leaves the fleet. Breakers go on alone. */
  close(): void {
    for (const link of this.#links) link.close()
    this.#subscription.close()
    this.#update('closed')
  }

  async history(breaker?: string, count = 100): Promise<PastVerdict[]> {
    const shards = breaker === undefined ? this.#links.keys() : [this.#shardOf(breaker)]
    const all = await Promise.all(Array.from(shards, (shard) => this.#readings.history(shard)))
    return all
      .flat()
      .filter((verdict) => breaker === undefined || verdict.breaker === breaker)
      .sort((a, b) => b.at - a.at)
      .slice(0, count)
  }

  async instances(breaker: string): Promise<InstanceVerdict[]> {
    const standings = await this.#readings.standings(this.#shardOf(breaker))
    const member = this.#member(breaker)
    const agreed = { state: member?.decided ?? 'closed', scope: 'fleet' } as const
    return standings
      .map(({ instance, zone, mode, heardMs, dissent }) => {
        const self = instance === this.#environment.tuning.instance
        const own = self ? member?.dissent() : dissent.find((one) => one.breaker === breaker)
        const { state, scope } = own ?? agreed
        return { instance, zone, state, scope, mode: self ? this.#mode : mode, heardMs, self }
      })
      .sort((a, b) => (a.instance < b.instance ? -1 : 1))
  }

  join(breaker: FleetMember): void {
    const shard = this.#shardOf(breaker.name)
    const link = this.#links[shard]!
    const members = this.#members[shard]!
    const member = new Member(breaker, link, this.#environment)
    const first = members.size === 0
    members.set(breaker.name, member)
    const heard = this.#heard[shard]?.get(breaker.name)
    if (heard !== undefined) member.apply(heard.at(this.#environment.clock.now()))
    if (first) link.beat()
  }

  leave(breaker: string): void {
    this.#members[this.#shardOf(breaker)]?.delete(breaker)
  }

  suspect(breaker: string): void {
    this.#member(breaker)?.suspect()
  }

  tripped(breaker: string, reason: string, forMs: number): void {
    this.#member(breaker)?.tripped(reason, forMs)
  }

  decided(breaker: string): void {
    this.#links[this.#shardOf(breaker)]?.reportSoon()
  }

  admitProbe(breaker: string): boolean | undefined {
    return this.#member(breaker)?.admitProbe()
  }

  probeSettled(breaker: string, outcome: Outcome): void {
    this.#member(breaker)?.probeSettled(outcome)
  }

  paused(breaker: string, forMs: number, reason: string): void {
    this.#member(breaker)?.paused(forMs, reason)
  }

  control(breaker: string, control: FleetControl): void {
    this.#member(breaker)?.control(control)
  }

  listen(listener: (event: FleetEvent) => void): void {
    this.#listeners.add(listener)
  }

  status(breaker: string): FleetStatus {
    return this.#member(breaker)?.status() ?? { mode: 'local', votes: 0, instances: 0, epoch: 0 }
  }

  #createLink(shard: number): ShardLink {
    return new ShardLink(shard, this.#environment, {
      beaten: (reply, awayMs) => this.#reconcile(shard, reply, awayMs),
      answered: ({ verdicts = [] }) => {
        for (const verdict of verdicts) this.#hear(shard, verdict)
      },
      changed: () => this.#update(this.#links[shard]?.reason ?? ''),
      report: () => ({ mode: this.#mode, dissent: this.#dissent(shard) }),
    })
  }

  #dissent(shard: number): Dissent[] {
    const all: Dissent[] = []
    for (const member of this.#members[shard]?.values() ?? []) {
      const one = member.dissent()
      if (one !== undefined && all.push(one) === DISSENT) break
    }
    return all
  }

  #pushed(shard: number, verdict: FleetVerdict): void {
    if (verdict.at !== undefined) this.#lagMs = this.#links[shard]?.lagMs(verdict.at) ?? this.#lagMs
    this.#hear(shard, verdict)
  }

  #hear(shard: number, verdict: FleetVerdict): void {
    const known = this.#heard[shard]?.get(verdict.breaker)
    if (known !== undefined && known.epoch > verdict.epoch) return
    this.#heard[shard]?.set(verdict.breaker, new HeldVerdict(verdict, this.#environment.clock.now()))
    this.#members[shard]?.get(verdict.breaker)?.apply(verdict)
  }

  #reconcile(shard: number, { verdicts = [] }: FleetReply, awayMs: number): void {
    const now = this.#environment.clock.now()
    const found = new Map(verdicts.map((verdict) => [verdict.breaker, verdict]))
    this.#heard[shard] = new Map(verdicts.map((verdict) => [verdict.breaker, new HeldVerdict(verdict, now)]))
    for (const [name, member] of this.#members[shard] ?? []) member.reconcile(found.get(name), awayMs)
  }

  /** The only place where the mode changes. */
  #update(reason: string): void {
    const from = this.#mode
    const used = this.#used()
    const shared = used.length > 0 && used.every((link) => link.online)
    const holds = (members: Map<string, Member>): boolean =>
      [...members.values()].some((member) => member.holds())
    this.#mode = shared ? 'shared' : this.#members.some(holds) ? 'stale' : 'local'
    for (const settled of this.#settled.splice(0)) settled()
    if (this.#mode === from) return
    this.#modes[this.#mode] += 1
    this.#eachUsed((link) => link.reportSoon())
    const instances = Math.max(0, ...used.map((link) => link.instances))
    const told = shared ? 'connected' : reason
    const at = this.#environment.clock.wallNow()
    for (const listener of this.#listeners) listener({ from, mode: this.#mode, reason: told, instances, at })
  }

  #used(): ShardLink[] {
    return this.#links.filter((_, shard) => this.#members[shard]!.size > 0)
  }

  #eachUsed(act: (link: ShardLink) => void): void {
    for (const link of this.#used()) act(link)
  }

  #member(breaker: string): Member | undefined {
    return this.#members[this.#shardOf(breaker)]?.get(breaker)
  }

  /** FNV-1a: the same on every instance. */
  #shardOf(breaker: string): number {
    if (this.#links.length === 1) return 0
    let hash = 0x811c9dc5
    for (let index = 0; index < breaker.length; index += 1) {
      hash = Math.imul(hash ^ breaker.charCodeAt(index), 0x01000193)
    }
    return (hash >>> 0) % this.#links.length
  }
}
