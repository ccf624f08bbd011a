import type { Circuit } from './circuit/circuit.ts'
import type { Clock } from './clock.ts'
import { Probes } from './circuit/probes.ts'
import type { ResolvedBreakerOptions } from './options/options.ts'
import type { BreakerState, CircuitState, Scope } from './circuit/state.ts'
import type { WindowCounts } from './window/window.ts'

/** A breaker's state as JSON. Times are epoch ms, so that another process can go on with it. */
export interface SavedBreaker {
  readonly version: 1
  readonly state: BreakerState
  readonly since: number
  readonly reason: string
  readonly scope: Scope
  readonly generation: number
  readonly openCount: number
  /** Of open and forced states; left out: until further notice. */
  readonly until?: number
  readonly cause?: 'trip' | 'pause'
  readonly actor?: string
  readonly window: WindowCounts
}

export function save(circuit: Circuit, clock: Clock): SavedBreaker {
  const now = clock.now()
  const state = circuit.state(now)
  const epoch = (time: number): number => Math.round(clock.wallNow() + time - now)
  const { successes, failures, slow, ignored } = circuit.evidence.counts(now)
  return {
    version: 1,
    state: state.kind,
    since: epoch(state.since),
    reason: state.reason,
    scope: state.scope,
    generation: circuit.generation,
    openCount: circuit.backoff.count,
    ...('until' in state && state.until !== Infinity ? { until: epoch(state.until) } : {}),
    ...('cause' in state ? { cause: state.cause } : {}),
    ...('actor' in state && state.actor !== undefined ? { actor: state.actor } : {}),
    window: { successes, failures, slow, ignored },
  }
}

/** Goes on where the saved one stopped, the time in between counted. What time has ended meanwhile is over. */
export function restore(
  circuit: Circuit,
  saved: SavedBreaker,
  options: ResolvedBreakerOptions,
  clock: Clock,
): void {
  const now = clock.now()
  const local = (epoch: number): number => now + epoch - clock.wallNow()
  const phase = { since: Math.min(now, local(saved.since)), reason: saved.reason, scope: saved.scope }
  circuit.backoff.count = saved.openCount
  circuit.evidence.seed(saved.window, now)
  circuit.restore(stateOf(saved, phase, options, local, now), saved.generation)
}

function stateOf(
  saved: SavedBreaker,
  phase: { since: number; reason: string; scope: Scope },
  options: ResolvedBreakerOptions,
  local: (epoch: number) => number,
  now: number,
): CircuitState {
  switch (saved.state) {
    case 'closed':
      return { kind: 'closed', ...phase }
    case 'open': {
      // A host's clock that is wrong must not keep it open for longer than it would ever have been.
      const longest = now + options.open.maxMs * (1 + options.open.jitter)
      const until = Math.min(longest, saved.until === undefined ? longest : local(saved.until))
      return { kind: 'open', ...phase, until, cause: saved.cause ?? 'trip' }
    }
    case 'half-open':
      return { kind: 'half-open', ...phase, probes: new Probes(options.probe) }
    case 'recovering':
      return { kind: 'recovering', ...phase, credit: 0 }
    case 'forced-open':
    case 'disabled': {
      const until = saved.until === undefined ? Infinity : local(saved.until)
      return { kind: saved.state, ...phase, until, actor: saved.actor }
    }
  }
}
