import type { Row } from '#src/live/protocol'

/** One moment of a breaker; rates are calls per second. */
export interface Sample {
  readonly at: number
  readonly successes: number
  readonly failures: number
  readonly rejects: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

const most = 240

/** What was seen of a breaker since the page was opened: the last samples, oldest first. */
export class History {
  readonly samples: Sample[] = []
  #before: { readonly at: number; readonly row: Row } | undefined

  get last(): Sample | undefined {
    return this.samples.at(-1)
  }

  add(row: Row, at: number): void {
    const before = this.#before
    this.#before = { at, row }
    if (before === undefined || at <= before.at) return
    const perSecond = (key: 'successes' | 'failures' | 'rejects'): number =>
      Math.max(0, ((row[key] - before.row[key]) * 1000) / (at - before.at))
    this.samples.push({
      at,
      successes: perSecond('successes'),
      failures: perSecond('failures'),
      rejects: perSecond('rejects'),
      p50: row.p50,
      p95: row.p95,
      p99: row.p99,
    })
    if (this.samples.length > most) this.samples.shift()
  }
}

/** All calls, refused ones too. */
export function callRate(sample: Sample | undefined): number {
  return sample === undefined ? 0 : sample.successes + sample.failures + sample.rejects
}
