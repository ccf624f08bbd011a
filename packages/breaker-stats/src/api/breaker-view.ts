import type { BreakerSnapshot, BreakerState, TransitionRecord } from '@sluice/circuit-breaker'
import { configurationView } from './configuration-view.ts'

export type StateName = 'CLOSED' | 'OPEN' | 'HALF_OPEN' | 'RECOVERING' | 'FORCED_OPEN' | 'DISABLED'

/** One breaker as the JSON API tells it. Times of day are ISO 8601; durations are ms. */
export interface BreakerView extends Pick<
  BreakerSnapshot,
  | 'reason'
  | 'scope'
  | 'mode'
  | 'generation'
  | 'openCount'
  | 'window'
  | 'latency'
  | 'inFlight'
  | 'probes'
  | 'group'
  | 'bulkhead'
  | 'fleet'
> {
  readonly serviceName: string
  readonly state: StateName
  readonly stats: CallStats
  readonly since: string
  readonly retryAt?: string
  readonly forced?: ForcedView
  /** Instances of the fleet that voted to open. */
  readonly votes?: number
  /** Calls that the upstream was spared. */
  readonly savedCalls: number
  /** The last 50, oldest first. */
  readonly transitions: readonly TransitionView[]
  readonly configuration: Readonly<Record<string, unknown>>
}

/** Totals since start, in the words of opossum. */
export interface CallStats {
  readonly fires: number
  readonly successes: number
  readonly failures: number
  readonly timeouts: number
  readonly fallbacks: number
  readonly rejects: number
  readonly ignored: number
  readonly slow: number
  readonly probes: number
  readonly transitions: number
  readonly latencyMean: number
  /** Quantile → ms. */
  readonly percentiles: Readonly<Record<string, number>>
}

export interface ForcedView {
  readonly mode: StateName
  readonly reason?: string
  readonly actor?: string
  readonly until?: string
}

export interface TransitionView extends Pick<
  TransitionRecord,
  'reason' | 'cause' | 'scope' | 'actor' | 'generation'
> {
  readonly at: string
  readonly from: StateName
  readonly to: StateName
}

export function stateName(state: BreakerState): StateName {
  return state.toUpperCase().replace('-', '_') as StateName
}

export function breakerView(snapshot: BreakerSnapshot): BreakerView {
  const { totals, latency } = snapshot
  return {
    serviceName: snapshot.name,
    state: stateName(snapshot.state),
    stats: {
      fires: totals.fires,
      successes: totals.successes,
      failures: totals.failures,
      timeouts: totals.timeouts,
      fallbacks: totals.fallbacks,
      rejects: totals.rejects,
      ignored: totals.ignored,
      slow: totals.slow,
      probes: totals.probes,
      transitions: totals.transitions,
      latencyMean: latency.mean,
      percentiles: {
        '0.5': latency.p50,
        '0.9': latency.p90,
        '0.95': latency.p95,
        '0.99': latency.p99,
        '1': latency.max,
      },
    },
    ...(snapshot.group === undefined ? {} : { group: snapshot.group }),
    since: isoTime(snapshot.since),
    reason: snapshot.reason,
    ...(snapshot.retryAt === undefined ? {} : { retryAt: isoTime(snapshot.retryAt) }),
    scope: snapshot.scope,
    mode: snapshot.mode,
    ...(snapshot.forced === undefined ? {} : { forced: forcedView(snapshot.forced) }),
    ...(snapshot.fleet === undefined ? {} : { votes: snapshot.fleet.votes, fleet: snapshot.fleet }),
    window: snapshot.window,
    latency,
    inFlight: snapshot.inFlight,
    ...(snapshot.bulkhead === undefined ? {} : { bulkhead: snapshot.bulkhead }),
    probes: snapshot.probes,
    openCount: snapshot.openCount,
    generation: snapshot.generation,
    savedCalls: totals.rejects,
    transitions: snapshot.transitions.map(transitionView),
    configuration: configurationView(snapshot.options),
  }
}

function forcedView(forced: NonNullable<BreakerSnapshot['forced']>): ForcedView {
  const { mode, until, ...rest } = forced
  return { mode: stateName(mode), ...rest, ...(until === undefined ? {} : { until: isoTime(until) }) }
}

function transitionView(transition: TransitionRecord): TransitionView {
  const { at, from, to, ...rest } = transition
  return { at: isoTime(at), from: stateName(from), to: stateName(to), ...rest }
}

/** Times come from a clock of the user's choice: one out of range must not fail the whole answer. */
function isoTime(epochMs: number): string {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString()
}
