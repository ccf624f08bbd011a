import type { Outcome, ResolvedBreakerOptions } from '../src/index.ts'

interface Call {
  readonly at: number
  readonly failed: boolean
}

export interface NaivePermit {
  readonly generation: number
  readonly probe: boolean
  readonly expiresAt: number
}

/**
 * The breaker as one would write it down without a thought for cost: it keeps every call and every probe, and works
 * everything out anew. No jitter, half a credit to begin a ramp with.
 */
export class NaiveBreaker {
  state: 'closed' | 'open' | 'half-open' | 'recovering' | 'forced-open' = 'closed'
  generation = 0
  readonly #options: ResolvedBreakerOptions
  #since = 0
  #until = 0
  #opens = 0
  #paused = false
  #calls: Call[] = []
  #inARow = 0
  #live: NaivePermit[] = []
  #results: boolean[] = []
  #deadline = Infinity
  #credit = 0

  constructor(options: ResolvedBreakerOptions) {
    this.#options = options
  }

  look(now: number): void {
    const { probe, recovery } = this.#options
    if (this.state === 'open' && now >= this.#until) this.#halfOpen(this.#until)
    if (this.state === 'half-open') {
      this.#live = this.#live.filter(({ expiresAt }) => expiresAt > now)
      if (now >= this.#deadline) {
        if (this.#results.length === 0) this.#halfOpen(now)
        else if (this.#successes >= needed(probe.successRatio, this.#results.length)) this.#recover(now)
        else this.#open(now)
      }
    }
    if (this.state === 'recovering' && now >= this.#since + recovery.rampMs) {
      this.state = 'closed'
      this.#since += recovery.rampMs
    }
  }

  acquire(now: number): NaivePermit | string {
    this.look(now)
    const { probe, recovery } = this.#options
    switch (this.state) {
      case 'closed':
        return this.#permit(false, Infinity)
      case 'open':
        return this.#paused ? 'pause' : 'open'
      case 'forced-open':
        return 'forced'
      case 'half-open': {
        const free = this.#live.length < probe.concurrency
        if (!free || this.#live.length + this.#results.length >= probe.max) return 'half-open'
        if (this.#deadline === Infinity) this.#deadline = now + probe.maxWaitMs
        const permit = this.#permit(true, now + Math.min(2 * probe.timeoutMs!, probe.maxWaitMs))
        this.#live.push(permit)
        return permit
      }
      case 'recovering': {
        const share = Math.max(recovery.floor, ((now - this.#since) / recovery.rampMs) ** 1.5)
        this.#credit += share
        if (this.#credit < 1) return 'recovering'
        this.#credit -= 1
        return this.#permit(false, Infinity)
      }
    }
  }

  settle(permit: NaivePermit, outcome: Outcome, now: number): void {
    this.look(now)
    if (permit.generation !== this.generation) return
    if (this.state === 'half-open') this.#settleProbe(permit, outcome, now)
    else if (outcome !== 'ignored') this.#settleCall(outcome === 'failure', now)
  }

  force(now: number): void {
    this.look(now)
    this.#become('forced-open', now)
  }

  close(now: number): void {
    this.look(now)
    this.#opens = 0
    if (this.state !== 'closed') this.#admitAnew('closed', now)
  }

  pause(until: number, now: number): void {
    this.look(now)
    if (this.state === 'forced-open') return
    if (this.state === 'open') {
      this.#until = Math.max(until, this.#until)
      return
    }
    this.#until = until
    this.#paused = true
    this.#become('open', now)
  }

  get #successes(): number {
    return this.#results.filter(Boolean).length
  }

  #settleProbe(permit: NaivePermit, outcome: Outcome, now: number): void {
    if (!this.#live.includes(permit)) return
    this.#live = this.#live.filter((other) => other !== permit)
    if (outcome !== 'ignored') this.#results.push(outcome === 'success')
    const { max, successRatio } = this.#options.probe
    const failures = this.#results.length - this.#successes
    if (this.#successes >= needed(successRatio, max)) this.#recover(now)
    else if (max - failures < needed(successRatio, max)) this.#open(now)
  }

  #settleCall(failed: boolean, now: number): void {
    const { window, minimumCalls, failureRatio, consecutiveFailures } = this.#options
    this.#calls.push({ at: now, failed })
    this.#inARow = failed ? this.#inARow + 1 : 0
    const held =
      window.type === 'count'
        ? this.#calls.slice(-window.size)
        : this.#calls.filter(({ at }) => {
            const bucketMs = window.durationMs / window.buckets
            return Math.floor(now / bucketMs) - Math.floor(at / bucketMs) < window.buckets
          })
    const minimum = this.state === 'recovering' ? Math.ceil(minimumCalls / 2) : minimumCalls
    const failures = held.filter((call) => call.failed).length
    const byRatio = held.length >= minimum && failures / held.length >= Number(failureRatio)
    const inARow = failed && this.#inARow >= Number(consecutiveFailures)
    if (byRatio || inARow) this.#open(now)
  }

  #open(now: number): void {
    const { durationMs, maxMs, factor } = this.#options.open
    if (this.state === 'closed') {
      this.#opens = Math.max(0, this.#opens - Math.floor((now - this.#since) / durationMs))
    }
    this.#opens += 1
    this.#until = now + Math.min(maxMs, durationMs * factor ** (this.#opens - 1))
    this.#paused = false
    this.#become('open', now)
  }

  #halfOpen(since: number): void {
    this.#live = []
    this.#results = []
    this.#deadline = Infinity
    this.#become('half-open', since)
  }

  #recover(now: number): void {
    this.#credit = 0.5
    this.#admitAnew('recovering', now)
  }

  #admitAnew(state: 'closed' | 'recovering', now: number): void {
    if (!(this.state === 'recovering' && state === 'closed')) {
      this.#calls = []
      this.#inARow = 0
      this.#become(state, now)
    } else {
      this.state = state
      this.#since = now
    }
  }

  #become(state: NaiveBreaker['state'], since: number): void {
    this.state = state
    this.#since = since
    this.generation += 1
  }

  #permit(probe: boolean, expiresAt: number): NaivePermit {
    return { generation: this.generation, probe, expiresAt }
  }
}

/** The fewest of `max` whose share, rounded to two decimals, meets the ratio. */
function needed(ratio: number, max: number): number {
  for (let successes = 1; successes < max; successes += 1) {
    if (Math.round((successes / max) * 100) / 100 >= ratio) return successes
  }
  return max
}
