import type { LatencyKind } from '@sluice/circuit-breaker'
import type { BreakerSeries } from './breaker-series.ts'
import { labelText, type Exposition, type MetricType } from './exposition.ts'
import { HistogramText } from './histogram-text.ts'
import type { BreakerLedger, TransitionLedger } from './transition-ledger.ts'

const callsFamily = 'circuitbreaker_calls_seconds'
const states = (['closed', 'open', 'half-open', 'recovering', 'forced-open', 'disabled'] as const).map(
  (state) => [state, labelText({ state: state.replace('-', '_') })] as const,
)
const alwaysShown: ReadonlySet<LatencyKind> = new Set(['successful', 'failed'])
const kinds: readonly LatencyKind[] = ['successful', 'failed', 'timeout', 'ignored']

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

/** Writes the families of breakers. Label texts are kept: escaping and joining them is most of the work of a scrape. */
export class BreakerMetrics {
  readonly #ledger: TransitionLedger
  readonly #labels = new Map<string, SeriesLabels>()

  constructor(ledger: TransitionLedger) {
    this.#ledger = ledger
  }

  /** @param now epoch ms */
  write(exposition: Exposition, all: readonly BreakerSeries[], now: number): void {
    const series = all.map((one) => [one, this.#labelsOf(one)] as const)
    if (this.#labels.size > all.length) this.#forget(all)
    writeStates(exposition, series)
    writeCalls(exposition, series)
    writeWindow(exposition, series)
    writeRejections(exposition, series)
    for (const { name, type, help, value } of simple) {
      if (all.every((one) => value(one) === undefined)) continue
      exposition.family(name, type, help)
      for (const [one, labels] of series) {
        const sample = value(one)
        if (sample !== undefined) exposition.sample(sample, labels.own)
      }
    }
    this.#writeLedger(exposition, series, now)
    writeStoreMode(exposition, all)
  }

  #labelsOf({ name, group }: BreakerSeries): SeriesLabels {
    let labels = this.#labels.get(name)
    if (labels === undefined) this.#labels.set(name, (labels = new SeriesLabels(name, group)))
    return labels
  }

  #forget(all: readonly BreakerSeries[]): void {
    const live = new Set(all.map(({ name }) => name))
    for (const name of this.#labels.keys()) if (!live.has(name)) this.#labels.delete(name)
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

type Labelled = readonly [BreakerSeries, SeriesLabels]

class SeriesLabels {
  readonly own: string
  readonly #with = new Map<string, string>()
  readonly #calls = new Map<LatencyKind, HistogramText>()

  constructor(name: string, group: string | undefined) {
    this.own = labelText(group === undefined ? { name } : { name, group })
  }

  calls(kind: LatencyKind, bounds: readonly number[]): HistogramText {
    let text = this.#calls.get(kind)
    if (text === undefined) {
      text = new HistogramText(callsFamily, this.with(`kind="${kind}"`), bounds)
      this.#calls.set(kind, text)
    }
    return text
  }

  /** @param label bounded in number, and already escaped */
  with(label: string): string {
    let text = this.#with.get(label)
    if (text === undefined) this.#with.set(label, (text = `${this.own},${label}`))
    return text
  }
}

function writeStates(exposition: Exposition, series: readonly Labelled[]): void {
  exposition.family('circuitbreaker_state', 'gauge', 'Breakers of this name that are in this state.')
  for (const [one, labels] of series) {
    for (const [state, label] of states) exposition.sample(one.states.get(state) ?? 0, labels.with(label))
    exposition.sample(one.observing, labels.with('state="metrics_only"'))
  }
}

function writeCalls(exposition: Exposition, series: readonly Labelled[]): void {
  exposition.family(callsFamily, 'histogram', 'How long calls took, by how they ended.')
  for (const [{ latencyBuckets }, labels] of series) {
    for (const kind of kinds) {
      const counts = latencyBuckets.counts[kind]
      if (alwaysShown.has(kind) || counts[counts.length - 1] !== 0) {
        exposition.lines(labels.calls(kind, latencyBuckets.le).render(counts, latencyBuckets.sums[kind]))
      }
    }
  }
}

function writeWindow(exposition: Exposition, series: readonly Labelled[]): void {
  exposition.family('circuitbreaker_buffered_calls', 'gauge', 'Calls in the window, by how they ended.')
  for (const [{ window }, labels] of series) {
    exposition.sample(window.successes, labels.with('kind="successful"'))
    exposition.sample(window.failures, labels.with('kind="failed"'))
    exposition.sample(window.ignored, labels.with('kind="ignored"'))
  }
}

function writeRejections(exposition: Exposition, series: readonly Labelled[]): void {
  exposition.family(
    'circuitbreaker_not_permitted_calls_total',
    'counter',
    'Calls refused: the upstream was spared them.',
  )
  for (const [{ totals }, labels] of series)
    exposition.sample(totals.rejects, labels.with('kind="not_permitted"'))
}

function writeStoreMode(exposition: Exposition, all: readonly BreakerSeries[]): void {
  const modes = new Set(all.flatMap(({ fleet }) => fleet?.mode ?? []))
  if (modes.size === 0) return
  exposition.family(
    'circuitbreaker_store_mode',
    'gauge',
    'How this instance takes part in the fleet: 1 where it does so.',
  )
  for (const mode of ['shared', 'stale', 'local'] as const) {
    exposition.sample(modes.has(mode) ? 1 : 0, labelText({ mode }))
  }
}

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
