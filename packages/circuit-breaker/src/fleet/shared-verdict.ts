import type { Circuit } from '../circuit/circuit.ts'
import type { CircuitState } from '../circuit/state.ts'
import type { SharedVerdict } from './coordinator.ts'
import type { ResolvedBreakerOptions } from '../options/options.ts'

/**
 * Puts a verdict of others into force. What was forced by hand here alone stays, and a local open, which for the fleet is
 * a vote and no error, is ended by this instance or by a person.
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
    const cause = verdict.cause === 'pause' ? 'pause' : 'trip'
    circuit.open({ reason, scope, until, cause }, now)
  } else if (current.scope === scope || current.kind === 'closed' || endsByHand(verdict, current, now)) {
    const since = now - (verdict.elapsedMs ?? 0)
    if (verdict.state === 'closed') circuit.close(reason, scope, now, actor)
    else if (verdict.state === 'recovering') circuit.recover(since, reason, scope, now)
    else circuit.halfOpen(now, reason, scope, now)
    if (verdict.cause === 'reset') circuit.evidence.clear()
  }
}

/** Whether a person closed it for everybody after it came to stand as it does. */
function endsByHand({ cause, elapsedMs = 0 }: SharedVerdict, { since }: CircuitState, now: number): boolean {
  return (cause === 'close' || cause === 'reset') && since <= now - elapsedMs
}
