import type { BreakerCoordinator } from './fleet/coordinator.ts'
import type { Engine } from './engine.ts'
import type { LatencyBuckets, LatencySummary } from './latency/latency.ts'
import type { ResolvedBreakerOptions } from './options/options.ts'
import type { BreakerState, CircuitState, Scope, TransitionRecord } from './circuit/state.ts'
import type { Rejections } from './rejection.ts'
import type { FleetStatus } from './fleet/fleet-status.ts'
import type { Totals } from './totals.ts'
import type { WindowCounts } from './window/window.ts'

/** The facts about a breaker at one moment, for stats, metrics and dashboards. Plain data. */
export interface BreakerSnapshot {
  readonly name: string
  /** The template of a breaker per key: metrics use it in place of the name, so that labels stay bounded. */
  readonly template?: string
  readonly group?: string
  readonly state: BreakerState
  /** Epoch ms. */
  readonly since: number
  readonly reason: string
  /** Epoch ms at which an open breaker looks again. */
  readonly retryAt?: number
  readonly scope: Scope
  readonly mode: 'enforce' | 'observe' | 'disabled'
  readonly generation: number
  /** Opens in a row, as the back-off counts them. */
  readonly openCount: number
  readonly forced?: {
    readonly mode: 'forced-open' | 'disabled'
    readonly reason?: string
    readonly actor?: string
    /** Epoch ms. */
    readonly until?: number
  }
  readonly window: {
    readonly calls: number
    readonly successes: number
    readonly failures: number
    readonly slow: number
    readonly ignored: number
    /** -1: fewer than `minimumCalls`. */
    readonly failureRatio: number
    /** -1: fewer than `minimumCalls`. */
    readonly slowRatio: number
  }
  readonly totals: Readonly<Totals>
  /** `totals.rejects`, by reason. */
  readonly rejections: Readonly<Rejections>
  readonly inFlight: number
  readonly latency: LatencySummary
  readonly latencyBuckets: LatencyBuckets
  readonly bulkhead?: { readonly limit: number; readonly inUse: number; readonly queued: number }
  readonly probes: { readonly live: number; readonly settled: number; readonly successes: number }
  /** The last 50, oldest first. */
  readonly transitions: readonly TransitionRecord[]
  readonly options: ResolvedBreakerOptions
  readonly fleet?: FleetStatus
}

export function takeSnapshot(
  engine: Engine,
  about: { readonly template: string | undefined; readonly coordinator: BreakerCoordinator | undefined },
): BreakerSnapshot {
  const { name, circuit, reporter, bulkhead, options, clock } = engine
  const now = clock.now()
  const state = circuit.state(now)
  const epoch = (time: number): number => Math.round(clock.wallNow() + time - now)
  engine.inFlight.advance(now)
  return {
    name,
    ...(about.template === undefined ? {} : { template: about.template }),
    ...(options.group === undefined ? {} : { group: options.group }),
    state: state.kind,
    since: epoch(state.since),
    reason: state.reason,
    ...(state.kind === 'open' ? { retryAt: epoch(state.until) } : {}),
    scope: state.scope,
    mode: options.mode,
    generation: circuit.generation,
    openCount: circuit.backoff.count,
    ...forced(state, epoch),
    window: windowFacts(circuit.evidence.counts(now), options.minimumCalls),
    totals: reporter.totals,
    rejections: reporter.rejections,
    inFlight: engine.inFlight.count,
    latency: reporter.latency.summary(now),
    latencyBuckets: reporter.latency.buckets(),
    ...(bulkhead === undefined
      ? {}
      : { bulkhead: { limit: bulkhead.limit, inUse: engine.inFlight.count, queued: bulkhead.queued } }),
    probes: probeFacts(state),
    transitions: reporter.transitions,
    options,
    ...(about.coordinator === undefined ? {} : { fleet: about.coordinator.status(name) }),
  }
}

function forced(state: CircuitState, epoch: (time: number) => number): Pick<BreakerSnapshot, 'forced'> {
  if (state.kind !== 'forced-open' && state.kind !== 'disabled') return {}
  return {
    forced: {
      mode: state.kind,
      reason: state.reason,
      ...(state.actor === undefined ? {} : { actor: state.actor }),
      ...(state.until === Infinity ? {} : { until: epoch(state.until) }),
    },
  }
}

function windowFacts(
  { successes, failures, slow, ignored }: WindowCounts,
  minimumCalls: number,
): BreakerSnapshot['window'] {
  const calls = successes + failures
  const share = (count: number): number => (calls < minimumCalls ? -1 : count / calls)
  return { calls, successes, failures, slow, ignored, failureRatio: share(failures), slowRatio: share(slow) }
}

function probeFacts(state: CircuitState): BreakerSnapshot['probes'] {
  if (state.kind !== 'half-open') return { live: 0, settled: 0, successes: 0 }
  const { live, settled, successes } = state.probes
  return { live, settled, successes }
}
