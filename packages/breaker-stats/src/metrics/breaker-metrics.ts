import type { BreakerSeries } from './breaker-series.ts'
import type { Exposition, MetricType } from './exposition.ts'
import { bufferedFamily, callsFamily, rejectionFamily, SeriesLines, stateFamily } from './series-lines.ts'
import type { BreakerLedger, TransitionLedger } from './transition-ledger.ts'

/** A family with one sample for each breaker; none where `value` knows none. */
interface Simple {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly value: (series: BreakerSeries) => number | undefined
}

const simple: readonly Simple[] = [
  {
    name: 'circuitbreaker_failure_rate',
    type: 'gauge',
    help: 'Share of failures in the window, 0 to 1; -1 with fewer than the minimum of calls.',
    value: ({ window }) => window.failureRatio,
  },
  {
    name: 'circuitbreaker_slow_call_rate',
    type: 'gauge',
    help: 'Share of slow calls in the window, 0 to 1; -1 with fewer than the minimum of calls.',
    value: ({ window }) => window.slowRatio,
  },
  {
    name: 'circuitbreaker_slow_calls',
    type: 'gauge',
    help: 'Slow calls in the window.',
    value: ({ window }) => window.slow,
  },
  {
    name: 'circuitbreaker_in_flight_calls',
    type: 'gauge',
    help: 'Calls under way.',
    value: ({ inFlight }) => inFlight,
  },
  {
    name: 'circuitbreaker_active',
    type: 'gauge',
    help: 'Breakers behind this name: more than one where there is one for each key.',
    value: ({ members }) => members.length,
  },
  {
    name: 'circuitbreaker_fallbacks_total',
    type: 'counter',
    help: 'Calls answered by the fallback.',
    value: ({ totals }) => totals.fallbacks,
  },
  {
    name: 'circuitbreaker_votes',
    type: 'gauge',
    help: 'Instances of the fleet that voted to open.',
    value: ({ fleet }) => fleet?.votes,
  },
  {
    name: 'circuitbreaker_fleet_instances',
    type: 'gauge',
    help: 'Instances of the fleet.',
    value: ({ fleet }) => fleet?.instances,
  },
  {
    name: 'bulkhead_max_allowed_concurrent_calls',
    type: 'gauge',
    help: 'Limit of calls at one time.',
    value: ({ bulkhead }) => bulkhead?.limit,
  },
  {
    name: 'bulkhead_available_concurrent_calls',
    type: 'gauge',
    help: 'Calls that may begin now.',
    value: ({ bulkhead }) =>
      bulkhead === undefined ? undefined : Math.max(0, bulkhead.limit - bulkhead.inUse),
  },
]

/** Writes the families of breakers. */
export class BreakerMetrics {
  readonly #ledger: TransitionLedger
  readonly #lines = new Map<string, SeriesLines>()

  constructor(ledger: TransitionLedger) {
    this.#ledger = ledger
  }

  /** @param now epoch ms */
  write(exposition: Exposition, all: readonly BreakerSeries[], now: number): void {
    const series = all.map((one) => [one, this.#linesOf(one)] as const)
    if (this.#lines.size > all.length) this.#forget(all)
    for (const { name, type, help, lines } of composite) {
      exposition.family(name, type, help)
      for (const [one, texts] of series) exposition.lines(lines(texts, one))
    }
    for (const { name, type, help, value } of simple) {
      if (all.every((one) => value(one) === undefined)) continue
      exposition.family(name, type, help)
      for (const [one, labels] of series) {
        const sample = value(one)
        if (sample !== undefined) exposition.sample(sample, labels.own)
      }
    }
    this.#writeLedger(exposition, series, now)
  }

  #linesOf({ name, group }: BreakerSeries): SeriesLines {
    let lines = this.#lines.get(name)
    if (lines === undefined) this.#lines.set(name, (lines = new SeriesLines(name, group)))
    return lines
  }

  #forget(all: readonly BreakerSeries[]): void {
    const live = new Set(all.map(({ name }) => name))
    for (const name of this.#lines.keys()) if (!live.has(name)) this.#lines.delete(name)
  }

  #writeLedger(exposition: Exposition, series: readonly Labelled[], now: number): void {
    const entries = series.map(
      ([{ members }, labels]) => [members.flatMap((name) => this.#ledger.get(name) ?? []), labels] as const,
    )
    exposition.family('circuitbreaker_transitions_total', 'counter', 'Changes of state, by who decided.')
    for (const [ledgers, labels] of entries) {
      for (const [key, count] of total(ledgers, ({ transitions }) => transitions)) {
        exposition.sample(count, labels.with(key))
      }
    }
    exposition.family(
      'circuitbreaker_probes_total',
      'counter',
      'Probes of a half-open breaker, by how they ended.',
    )
    for (const [ledgers, labels] of entries) {
      for (const [key, count] of total(ledgers, ({ probes }) => probes))
        exposition.sample(count, labels.with(key))
    }
    exposition.family('circuitbreaker_open_seconds_total', 'counter', 'Time spent open.')
    for (const [ledgers, labels] of entries) {
      const openMs = ledgers.reduce(
        (sum, ledger) =>
          sum + ledger.openMs + (ledger.openedAt === undefined ? 0 : Math.max(0, now - ledger.openedAt)),
        0,
      )
      exposition.sample(openMs / 1000, labels.own)
    }
  }
}

type Labelled = readonly [BreakerSeries, SeriesLines]

interface Composite {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly lines: (lines: SeriesLines, series: BreakerSeries) => string
}

/** Families with several samples for each breaker. */
const composite: readonly Composite[] = [
  {
    name: stateFamily,
    type: 'gauge',
    help: 'Breakers of this name that are in this state.',
    lines: (lines, series) => lines.states(series),
  },
  {
    name: callsFamily,
    type: 'histogram',
    help: 'How long calls took, by how they ended.',
    lines: (lines, series) => lines.calls(series),
  },
  {
    name: bufferedFamily,
    type: 'gauge',
    help: 'Calls in the window, by how they ended.',
    lines: (lines, series) => lines.buffered(series),
  },
  {
    name: rejectionFamily,
    type: 'counter',
    help: 'Calls refused, by reason: the upstream was spared them.',
    lines: (lines, series) => lines.rejections(series),
  },
]

function total(
  ledgers: readonly BreakerLedger[],
  countsOf: (ledger: BreakerLedger) => ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  if (ledgers.length === 1) return countsOf(ledgers[0] as BreakerLedger)
  const sum = new Map<string, number>()
  for (const ledger of ledgers) {
    for (const [key, count] of countsOf(ledger)) sum.set(key, (sum.get(key) ?? 0) + count)
  }
  return sum
}
