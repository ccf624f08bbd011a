import { Chance } from './chance.ts'
import { createInstances } from './instances.ts'
import { Network } from './network.ts'
import { VirtualTime } from './virtual-time.ts'

export interface QuietScenario {
  readonly instances: number
  readonly rps: number
  /** Share of calls that fail, everywhere. */
  readonly baseErrors: number
  /** Share of the instances that cannot reach the upstream: all their calls fail. */
  readonly partitioned: number
  readonly durationMs: number
  readonly seed: number
}

export interface QuietResult {
  readonly fleetOpens: number
  readonly localOpens: number
  readonly commandsPerSecond: number
}

/** An upstream that is well: whatever opens for the whole fleet opens wrongly. */
export async function runQuiet(scenario: QuietScenario): Promise<QuietResult> {
  const { instances: count, rps, baseErrors, partitioned, durationMs } = scenario
  const time = new VirtualTime()
  const chance = new Chance(scenario.seed)
  const network = new Network(time, chance)
  const instances = createInstances(count, { time, chance, network })
  const fleetEpochs = new Set<number>()
  let localOpens = 0
  for (const { breaker, fleet } of instances) {
    breaker.on('transition', ({ to, scope }) => {
      if (to !== 'open') return
      if (scope === 'fleet') fleetEpochs.add(fleet.status('upstream').epoch)
      else localOpens += 1
    })
  }
  const cut = Math.floor(partitioned * count)
  for (let next = chance.gapMs(rps); next < durationMs; next += chance.gapMs(rps)) {
    if (time.isDue(next)) await time.advanceTo(next)
    else time.now = next
    const index = chance.below(count)
    const permit = instances[index]!.breaker.acquire()
    if (!permit.admitted) continue
    if (index < cut || chance.next() < baseErrors) permit.failure()
    else permit.success()
  }
  for (const { fleet } of instances) fleet.close()
  return {
    fleetOpens: fleetEpochs.size,
    localOpens,
    commandsPerSecond: (network.commands * 1_000) / durationMs,
  }
}
