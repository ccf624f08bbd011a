import type { Outcome } from '../outcome.ts'
import type { BreakerCoordinator, FleetControl, FleetMember } from './coordinator.ts'
import type { FleetEvent, FleetMode, FleetStatus } from './fleet-status.ts'
import type { FleetReply, FleetSubscription, FleetVerdict, PastVerdict } from './fleet-store.ts'
import { HeldVerdict } from './held-verdict.ts'
import { Member } from './member.ts'
import { type LinkEnvironment, ShardLink } from './shard-link.ts'

export interface FleetCounters {
  /** Commands sent to the store. */
  readonly sent: number
  readonly failed: number
  /** Commands given up because too many waited. */
  readonly dropped: number
}

/**
 * The instances that watch the same upstreams, as one of them sees it: local breakers detect, the fleet votes, the
 * store arbitrates. Nothing here is awaited by a call; without the store each breaker goes on by itself.
 */
export class Fleet implements BreakerCoordinator {
  readonly #environment: LinkEnvironment
  readonly #links: ShardLink[]
  readonly #members: Map<string, Member>[]
  /** What is known of breakers, also of those that are not there yet. */
  readonly #heard: Map<string, HeldVerdict>[]
  readonly #subscription: FleetSubscription
  readonly #listeners = new Set<(event: FleetEvent) => void>()
  #mode: FleetMode = 'local'
  #settled: (() => void)[] = []

  constructor(environment: LinkEnvironment) {
    this.#environment = environment
    const shards = Array.from({ length: environment.store.shards }, (_, shard) => shard)
    this.#members = shards.map(() => new Map())
    this.#heard = shards.map(() => new Map())
    this.#links = shards.map((shard) => this.#createLink(shard))
    this.#subscription = environment.store.subscribe({
      verdict: (shard, verdict) => this.#hear(shard, verdict),
      found: () => this.#eachUsed((link) => link.beatSoon()),
      lost: (reason) => this.#eachUsed((link) => link.lost(reason)),
    })
  }

  /** `shared`: all is well; `stale`: the store is lost, and verdicts of before are in force; `local`: it is lost. */
  get mode(): FleetMode {
    return this.#mode
  }

  get counters(): FleetCounters {
    const sum = { sent: 0, failed: 0, dropped: 0 }
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

  /** The last transitions of the whole fleet, newest first. Rejects if the store does not answer. */
  async history(count = 100): Promise<PastVerdict[]> {
    const { store } = this.#environment
    const all = await Promise.all(this.#links.map((_, shard) => store.history(shard, count)))
    return all
      .flat()
      .sort((a, b) => b.at - a.at)
      .slice(0, count)
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
    })
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
