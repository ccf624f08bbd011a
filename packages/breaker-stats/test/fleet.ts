import { BreakerRegistry, type BreakerOptions, systemClock } from '@sluice/circuit-breaker'
import { Fleet, parseFleetTuning } from '@sluice/circuit-breaker/redis'
import { FleetModel } from '@sluice/circuit-breaker/testing'

/** Instances of one fleet that meet in memory, each with a registry of its own. */
export function inFleet<Instance extends string>(
  t: { teardown(close: () => void): void },
  instances: readonly Instance[],
  defaults: BreakerOptions = {},
): Record<Instance, BreakerRegistry> {
  const store = new FleetModel(() => Date.now())
  const join = (instance: Instance): BreakerRegistry => {
    const tuning = parseFleetTuning({ instance, beatMs: 100, commandTimeoutMs: 5_000 })
    const fleet = new Fleet({ store, tuning, clock: systemClock, random: Math.random })
    t.teardown(() => fleet.close())
    return new BreakerRegistry({ defaults }, { coordinator: fleet })
  }
  const registries = instances.map((instance) => [instance, join(instance)] as const)
  return Object.fromEntries(registries) as Record<Instance, BreakerRegistry>
}
