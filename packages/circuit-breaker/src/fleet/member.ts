import type { BreakerState } from '../circuit/state.ts'
import type { Outcome } from '../outcome.ts'
import { aboutOpening, aboutProbes } from './about-breaker.ts'
import type { FleetControl, FleetMember } from './coordinator.ts'
import type { FleetStatus } from './fleet-status.ts'
import type { ControlCommand, Dissent, FleetVerdict } from './fleet-store.ts'
import { HeldVerdict } from './held-verdict.ts'
import { LeaseDesk } from './lease-desk.ts'
import type { LinkEnvironment, ShardLink } from './shard-link.ts'

/** How often an instance tells the same, at most. */
const THINNED_MS = 500
/** How long a suspicion counts as a vote; an open breaker's vote counts for as long as it is open. */
const SUSPICION_MS = 2_000
/** Who was away for longer does not know better than the store any more, which forgets what is over by then. */
const FORGOTTEN_MS = 600_000

/** One breaker's part in the fleet: its votes, its probes, and what the fleet has decided about it. */
export class Member {
  readonly #breaker: FleetMember
  readonly #link: ShardLink
  readonly #environment: LinkEnvironment
  readonly #aliveMs: number
  readonly #leases: LeaseDesk
  #held: HeldVerdict | undefined
  #epoch = 0
  #openCount = 0
  #votedAt = -Infinity
  #pausedAt = -Infinity
  #votes = 0
  #votesUntil = -Infinity
  /** A vote that has not arrived yet. */
  #tripped: { readonly reason: string; readonly until: number } | undefined
  #control: FleetControl | undefined

  constructor(breaker: FleetMember, link: ShardLink, environment: LinkEnvironment) {
    this.#breaker = breaker
    this.#link = link
    this.#environment = environment
    this.#aliveMs = 3 * environment.tuning.beatMs
    this.#leases = new LeaseDesk(
      link,
      environment,
      () => aboutProbes(breaker.options, this.#aliveMs, environment.random),
      () => ({
        breaker: breaker.name,
        epoch: this.#epoch,
        openCount: this.#openCount,
        options: breaker.options,
      }),
    )
  }

  suspect(): void {
    if (this.#now() - this.#votedAt >= THINNED_MS) this.#vote('calls fail more than usual', SUSPICION_MS)
  }

  tripped(reason: string, forMs: number): void {
    this.#tripped = { reason, until: this.#now() + forMs }
    this.#vote(reason, forMs)
  }

  /** See `BreakerCoordinator`. */
  admitProbe(): boolean | undefined {
    return this.#link.online ? this.#leases.take() : undefined
  }

  probeSettled(outcome: Outcome): void {
    this.#leases.settle(outcome)
  }

  paused(forMs: number, reason: string): void {
    const now = this.#now()
    if (now - this.#pausedAt < THINNED_MS) return
    this.#pausedAt = now
    this.#link.send({ type: 'pause', ...this.#about(), forMs, reason }, () => undefined)
  }

  /** Not lost when the store is: it is told when that is found again. */
  control(control: FleetControl): void {
    this.#control = control
    this.#tellControl()
  }

  /** Puts a verdict into force, unless a newer one is known. */
  apply(verdict: FleetVerdict): void {
    if (verdict.epoch <= this.#epoch) return
    const now = this.#now()
    this.#epoch = verdict.epoch
    this.#openCount = verdict.openCount ?? 0
    this.#held = new HeldVerdict(verdict, now)
    this.#votes = verdict.votes ?? 0
    this.#votesUntil = verdict.votes === undefined ? -Infinity : now + (verdict.forMs ?? 0)
    this.#breaker.applyShared({ ...verdict, scope: 'fleet' })
  }

  /** The store told all it knows: about this breaker `found`, after this instance had been away for `awayMs`. */
  reconcile(found: FleetVerdict | undefined, awayMs: number): void {
    if (found !== undefined) this.apply(found)
    const now = this.#now()
    const held = this.#held
    if (held?.holds(now) === true && (found === undefined || found.epoch < held.epoch)) {
      if (awayMs < FORGOTTEN_MS) this.#assert(held.at(now))
      else this.apply({ ...held.at(now), epoch: held.epoch + 1, state: 'closed', reason: 'long over' })
    }
    const { reason, until } = this.#tripped ?? { reason: '', until: -Infinity }
    if (now < until && this.#breaker.state === 'open') this.#vote(reason, until - now)
    // Last: what comes of it is newer than what was found.
    this.#tellControl()
  }

  holds(): boolean {
    return this.#held?.holds(this.#now()) ?? false
  }

  /** As the fleet decided, whatever the breaker itself makes of it. */
  get decided(): BreakerState {
    return this.#held?.stateAt(this.#now(), this.#breaker.options.recovery.rampMs) ?? 'closed'
  }

  /** How the breaker stands, if it is in its state by a decision of this instance, which is not that of the fleet. */
  dissent(): Dissent | undefined {
    const { name, state, scope } = this.#breaker
    return scope === 'fleet' || state === this.decided ? undefined : { breaker: name, state, scope }
  }

  status(): FleetStatus {
    const mode = this.#link.online ? 'shared' : this.holds() ? 'stale' : 'local'
    const votes = this.#now() < this.#votesUntil ? this.#votes : 0
    return { mode, votes, instances: this.#link.instances, epoch: this.#epoch }
  }

  #vote(reason: string, ttlMs: number): void {
    const now = this.#now()
    const { random, tuning } = this.#environment
    const { instance, zone, quorum, minVotes } = tuning
    const voter = { type: 'vote', ...this.#about(), instance, zone, quorum, minVotes } as const
    const opening = aboutOpening(this.#breaker.options, this.#aliveMs, random)
    const sent = this.#link.send({ ...voter, ...opening, reason, ttlMs: Math.ceil(ttlMs) }, (reply) => {
      if (reply?.votes === undefined) return
      this.#tripped = undefined
      this.#votes = reply.votes
      this.#votesUntil = now + ttlMs
    })
    if (sent) this.#votedAt = now
  }

  #assert(verdict: FleetVerdict): void {
    const { openCount = 0, elapsedMs = 0 } = verdict
    const command = { type: 'assert', aliveMs: this.#aliveMs, ...verdict, openCount, elapsedMs } as const
    this.#link.send(command, () => undefined)
  }

  #tellControl(): void {
    const control = this.#control
    if (control === undefined) return
    const command: ControlCommand = { type: 'control', ...this.#about(), ...control }
    this.#link.send(command, (reply) => {
      if (reply !== undefined && this.#control === control) this.#control = undefined
    })
  }

  #about(): { breaker: string; epoch: number; aliveMs: number } {
    return { breaker: this.#breaker.name, epoch: this.#epoch, aliveMs: this.#aliveMs }
  }

  #now(): number {
    return this.#environment.clock.now()
  }
}
