import type { BreakerState, LatencyKind, RejectReason } from '@sluice/circuit-breaker'
import type { BreakerSeries } from './breaker-series.ts'
import { labelText } from './exposition.ts'
import { HistogramLines, SampleLines } from './sample-lines.ts'

export const callsFamily = 'circuitbreaker_calls_seconds'
export const stateFamily = 'circuitbreaker_state'
export const bufferedFamily = 'circuitbreaker_buffered_calls'
export const rejectionFamily = 'circuitbreaker_not_permitted_calls_total'

const states: readonly BreakerState[] = [
  'closed',
  'open',
  'half-open',
  'recovering',
  'forced-open',
  'disabled',
]
const kinds: readonly LatencyKind[] = ['successful', 'failed', 'timeout', 'ignored']
const alwaysShown: ReadonlySet<LatencyKind> = new Set(['successful', 'failed'])
const reasons: readonly [RejectReason, string][] = [
  ['open', 'open'],
  ['half-open', 'half_open'],
  ['recovering', 'recovering'],
  ['forced', 'forced'],
  ['group', 'group'],
  ['bulkhead', 'bulkhead'],
  ['pause', 'retry_after'],
]

/** The texts of one series: escaping and joining labels is most of the work of a scrape, so they are kept. */
export class SeriesLines {
  readonly own: string
  readonly #with = new Map<string, string>()
  readonly #states: SampleLines
  readonly #buffered: SampleLines
  readonly #calls = new Map<LatencyKind, HistogramLines>()

  constructor(name: string, group: string | undefined) {
    this.own = labelText(group === undefined ? { name } : { name, group })
    this.#states = this.#lines(
      stateFamily,
      [...states, 'metrics_only'].map((state) => `state="${state.replace('-', '_')}"`),
    )
    this.#buffered = this.#lines(bufferedFamily, ['kind="successful"', 'kind="failed"', 'kind="ignored"'])
  }

  /** @param label bounded in number, and already escaped */
  with(label: string): string {
    let text = this.#with.get(label)
    if (text === undefined) this.#with.set(label, (text = `${this.own},${label}`))
    return text
  }

  states(series: BreakerSeries): string {
    return this.#states.render([...states.map((state) => series.states.get(state) ?? 0), series.observing])
  }

  buffered({ window }: BreakerSeries): string {
    return this.#buffered.render([window.successes, window.failures, window.ignored])
  }

  rejections({ rejections }: BreakerSeries): string {
    let text = ''
    for (const [reason, label] of reasons) {
      if (rejections[reason] === 0 && reason !== 'open') continue
      text += `${rejectionFamily}{${this.with(`kind="not_permitted",reason="${label}"`)}} ${rejections[reason]}\n`
    }
    return text
  }

  calls({ latencyBuckets: { le, counts, sums } }: BreakerSeries): string {
    let text = ''
    for (const kind of kinds) {
      if (!alwaysShown.has(kind) && counts[kind].at(-1) === 0) continue
      let lines = this.#calls.get(kind)
      if (lines === undefined) {
        lines = new HistogramLines(callsFamily, `${this.own},kind="${kind}"`, le)
        this.#calls.set(kind, lines)
      }
      text += lines.render(counts[kind], sums[kind])
    }
    return text
  }

  #lines(family: string, labels: readonly string[]): SampleLines {
    return new SampleLines(labels.map((label) => `${family}{${this.own},${label}}`))
  }
}
