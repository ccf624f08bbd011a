import type { ClockTimer } from '../clock.ts'
import type { Outcome } from '../outcome.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'
import type { AboutProbes } from './about-breaker.ts'
import type { LinkEnvironment, ShardLink } from './shard-link.ts'

/** A lease that no call has taken by then goes back to the fleet. */
const UNUSED_MS = 1_000

type Lease =
  | { readonly kind: 'none' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'granted'; readonly id: number; readonly timer: ClockTimer }
  | { readonly kind: 'taken'; readonly id: number }

/** What a lease is asked for. */
export interface LeaseCase {
  readonly breaker: string
  readonly epoch: number
  readonly openCount: number
  readonly options: ResolvedBreakerOptions
}

/** Gets leave to probe from the fleet, one lease at a time, and hands back what becomes of it. */
export class LeaseDesk {
  readonly #link: ShardLink
  readonly #environment: LinkEnvironment
  readonly #about: () => AboutProbes
  readonly #case: () => LeaseCase
  #lease: Lease = { kind: 'none' }
  #epoch = -1
  #askAt = 0

  constructor(
    link: ShardLink,
    environment: LinkEnvironment,
    about: () => AboutProbes,
    leaseCase: () => LeaseCase,
  ) {
    this.#link = link
    this.#environment = environment
    this.#about = about
    this.#case = leaseCase
  }

  /** Takes the lease, if there is one; else asks for one, for a call to come. */
  take(): boolean {
    const { epoch } = this.#case()
    if (epoch !== this.#epoch) this.#begin(epoch)
    const lease = this.#lease
    if (lease.kind === 'granted') {
      lease.timer.cancel()
      this.#lease = { kind: 'taken', id: lease.id }
      return true
    }
    if (lease.kind === 'none' && this.#environment.clock.now() >= this.#askAt) this.#ask()
    return false
  }

  settle(outcome: Outcome): void {
    const lease = this.#lease
    if (lease.kind !== 'granted' && lease.kind !== 'taken') return
    this.#lease = { kind: 'none' }
    this.#askAt = this.#environment.clock.now()
    const { breaker } = this.#case()
    const command = { type: 'settle', breaker, epoch: this.#epoch, lease: lease.id, outcome } as const
    this.#link.send({ ...command, ...this.#about() }, () => undefined)
  }

  /** A large fleet must not ask as one: about one instance a millisecond. */
  #begin(epoch: number): void {
    if (this.#lease.kind === 'granted') this.#lease.timer.cancel()
    this.#epoch = epoch
    this.#lease = { kind: 'none' }
    const spreadMs = this.#link.instances < 20 ? 0 : Math.min(1_000, this.#link.instances)
    this.#askAt = this.#environment.clock.now() + this.#environment.random() * spreadMs
  }

  #ask(): void {
    const { breaker, epoch, openCount, options } = this.#case()
    const { timeoutMs = options.timeoutMs, maxWaitMs } = options.probe
    const probeMs = timeoutMs === undefined ? maxWaitMs : Math.min(2 * timeoutMs, maxWaitMs)
    const command = { type: 'lease', breaker, epoch, openCount, ttlMs: UNUSED_MS + probeMs } as const
    this.#lease = { kind: 'asked' }
    const sent = this.#link.send({ ...command, ...this.#about() }, (reply) => {
      if (epoch !== this.#epoch || this.#lease.kind !== 'asked') return
      if (reply?.lease === undefined) this.#wait()
      else this.#grant(reply.lease)
    })
    if (!sent) this.#wait()
  }

  #grant(id: number): void {
    const timer = this.#environment.clock.setTimer(() => this.settle('ignored'), UNUSED_MS)
    timer.hold(false)
    this.#lease = { kind: 'granted', id, timer }
  }

  #wait(): void {
    const { clock, random } = this.#environment
    const delayMs = Math.max(200, 4 * this.#link.instances) * (0.75 + 0.5 * random())
    this.#lease = { kind: 'none' }
    this.#askAt = clock.now() + delayMs
  }
}
