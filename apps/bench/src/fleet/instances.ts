import { BreakerRegistry, type BreakerOptions, type CircuitBreaker } from '@sluice/circuit-breaker'
import { Fleet, parseFleetTuning } from '@sluice/circuit-breaker/redis'
import type { Chance } from './chance.ts'
import type { Network } from './network.ts'
import { HostClock, type VirtualTime } from './virtual-time.ts'

export interface SimulatedInstance {
  readonly fleet: Fleet
  readonly breaker: CircuitBreaker
}

const HOUR = 3_600_000

/** Real breakers with the real fleet logic, on hosts whose clocks are up to an hour apart. */
export function createInstances(
  count: number,
  world: { readonly time: VirtualTime; readonly chance: Chance; readonly network: Network },
  options: BreakerOptions = {},
): SimulatedInstance[] {
  const { time, chance, network } = world
  return Array.from({ length: count }, (_, index) => {
    const skewMs = (2 * chance.next() - 1) * HOUR
    const environment = { clock: new HostClock(time, chance.next() * HOUR, skewMs), random: chance.next }
    const tuning = parseFleetTuning({ instance: `i${index}` })
    const fleet = new Fleet({ store: network.storeFor(index), tuning, ...environment })
    const registry = new BreakerRegistry(
      { breakers: { upstream: options } },
      { ...environment, coordinator: fleet },
    )
    return { fleet, breaker: registry.get('upstream')! }
  })
}
