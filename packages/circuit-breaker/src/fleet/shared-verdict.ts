import type { Circuit } from '../circuit/circuit.ts'
import type { SharedVerdict } from './coordinator.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'

/**
 * Puts a verdict of others into force. What was forced by hand here stays, and a local open is ended by nobody but
 * this instance: for the fleet it is a vote, not an error.
 */
export function applyVerdict(
  circuit: Circuit,
  verdict: SharedVerdict,
  options: ResolvedBreakerOptions,
  now: number,
): void {
  const { reason, forMs, actor, scope = 'fleet' } = verdict
  const current = circuit.state(now)
  const forced = current.kind === 'forced-open' || current.kind === 'disabled'
  if (forced && current.scope !== scope) return
  // What was forced here for the whole fleet comes back as its verdict.
  if (forced && current.kind === verdict.state && current.reason === reason) return
  if (verdict.state === 'forced-open' || verdict.state === 'disabled') {
    const until = forMs === undefined ? Infinity : now + forMs
    circuit.force(verdict.state, { reason, until, actor, scope }, now)
  } else if (verdict.state === 'open') {
    if (forced) circuit.close(reason, scope, now, actor)
    if (verdict.openCount !== undefined) circuit.backoff.count = verdict.openCount
    const until = now + (forMs ?? options.open.durationMs)
    circuit.open({ reason, scope, until, cause: verdict.cause ?? 'trip' }, now)
  } else if (current.scope === scope || current.kind === 'closed') {
    const since = now - (verdict.elapsedMs ?? 0)
    if (verdict.state === 'closed') circuit.close(reason, scope, now, actor)
    else if (verdict.state === 'recovering') circuit.recover(since, reason, scope, now)
    else circuit.halfOpen(now, reason, scope, now)
  }
}
