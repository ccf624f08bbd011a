/** When a breaker on its own opens: the rules of others, with their defaults. What they do once open is left out. */
export interface OpeningRule {
  record(failed: boolean, now: number): void
  readonly open: boolean
}

/** Share of failures within a sliding time. */
class TimeRatio implements OpeningRule {
  open = false
  readonly #calls: number[] = []
  readonly #failures: number[] = []
  readonly #bucketMs: number
  readonly #isOver: (calls: number, failures: number) => boolean
  #bucket = -1
  #buckets: number

  constructor(windowMs: number, buckets: number, isOver: (calls: number, failures: number) => boolean) {
    this.#bucketMs = windowMs / buckets
    this.#buckets = buckets
    this.#isOver = isOver
  }

  record(failed: boolean, now: number): void {
    const bucket = Math.floor(now / this.#bucketMs)
    const first = Math.max(this.#bucket + 1, bucket - this.#buckets + 1)
    for (let stale = first; stale <= bucket; stale += 1) {
      this.#calls[stale % this.#buckets] = 0
      this.#failures[stale % this.#buckets] = 0
    }
    this.#bucket = bucket
    const place = bucket % this.#buckets
    this.#calls[place] = (this.#calls[place] ?? 0) + 1
    this.#failures[place] = (this.#failures[place] ?? 0) + Number(failed)
    if (failed && this.#isOver(sum(this.#calls), sum(this.#failures))) this.open = true
  }
}

/** Share of failures among the last calls. */
class CountRatio implements OpeningRule {
  open = false
  readonly #size: number
  readonly #ratio: number
  readonly #last: boolean[] = []
  #failures = 0

  constructor(size: number, ratio: number) {
    this.#size = size
    this.#ratio = ratio
  }

  record(failed: boolean): void {
    this.#last.push(failed)
    this.#failures += Number(failed)
    if (this.#last.length > this.#size) this.#failures -= Number(this.#last.shift())
    if (this.#last.length === this.#size && this.#failures >= this.#ratio * this.#size) this.open = true
  }
}

class Consecutive implements OpeningRule {
  open = false
  readonly #limit: number
  #row = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  record(failed: boolean): void {
    this.#row = failed ? this.#row + 1 : 0
    if (this.#row >= this.#limit) this.open = true
  }
}

export interface Peer {
  readonly name: string
  readonly rule: string
  create(): OpeningRule
}

export const peers: readonly Peer[] = [
  {
    name: 'opossum',
    rule: 'more than 50 % of 10 s',
    create: () => new TimeRatio(10_000, 10, (calls, failures) => failures > 0.5 * calls),
  },
  { name: 'resilience4j', rule: '50 % of the last 100', create: () => new CountRatio(100, 0.5) },
  {
    name: 'Polly',
    rule: '10 % of 30 s, 100 calls at least',
    create: () => new TimeRatio(30_000, 10, (calls, failures) => calls >= 100 && failures >= 0.1 * calls),
  },
  { name: 'gobreaker', rule: 'more than 5 in a row', create: () => new Consecutive(6) },
]

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
