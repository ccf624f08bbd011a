import type { FleetFacts } from '@sluice/circuit-breaker'
import { labelText, type Exposition, type MetricType } from './exposition.ts'

const modes = ['shared', 'stale', 'local'] as const

/** How this instance gets on with the store in which its fleet meets. */
export function writeFleet(exposition: Exposition, { mode, counters }: FleetFacts): void {
  const { sent, failed, dropped, lagMs } = counters
  exposition.family(
    'circuitbreaker_store_mode',
    'gauge',
    'How this instance takes part in the fleet: 1 where it does so.',
  )
  for (const each of modes) exposition.sample(each === mode ? 1 : 0, labelText({ mode: each }))
  exposition.family('circuitbreaker_store_mode_changes_total', 'counter', 'How often each mode began.')
  for (const each of modes) exposition.sample(counters.modes[each], labelText({ mode: each }))
  const single = (name: string, type: MetricType, help: string, value: number): void => {
    exposition.family(name, type, help)
    exposition.sample(value)
  }
  single('circuitbreaker_store_commands_total', 'counter', 'Commands sent to the store.', sent)
  single('circuitbreaker_store_errors_total', 'counter', 'Commands that failed or took too long.', failed)
  single('circuitbreaker_store_dropped_total', 'counter', 'Commands given up: too many waited.', dropped)
  if (lagMs === undefined) return
  single(
    'circuitbreaker_store_lag_seconds',
    'gauge',
    'How long the last verdict of the fleet was under way to this instance.',
    lagMs / 1000,
  )
}
