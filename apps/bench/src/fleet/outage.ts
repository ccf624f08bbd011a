import type { BreakerOptions } from '@sluice/circuit-breaker'
import { Chance } from './chance.ts'
import { createInstances } from './instances.ts'
import { Network, type NetworkOptions } from './network.ts'
import type { Peer } from './peers.ts'
import { VirtualTime } from './virtual-time.ts'

export interface OutageScenario {
  readonly instances: number
  /** Requests a second, all instances together. */
  readonly rps: number
  /** Share of calls that fail anyway. */
  readonly baseErrors: number
  /** What fails during the outage, 0 to 1. */
  readonly failing: number
  readonly warmUpMs: number
  readonly horizonMs: number
  readonly seed: number
  readonly network?: NetworkOptions
  /** Share of the instances that lose Redis halfway to the outage, the first ones. Default 0. */
  readonly cutOff?: number
}

export interface OutageResult {
  /** When each instance was open, in ms from the outage on; Infinity: not within the horizon. */
  readonly openAfterMs: readonly number[]
  /** Calls that failed from the outage on. */
  readonly wasted: number
  /** Redis commands a second before the outage. */
  readonly healthyCommands: number
  /** Redis commands from the outage until all were open. */
  readonly outageCommands: number
}

/** What takes part: told to call, says whether it did; told how it ended. */
interface Subject {
  call(instance: number, failed: boolean, now: number): boolean
  isOpen(instance: number): boolean
}

export async function runFleetOutage(
  scenario: OutageScenario,
  options: BreakerOptions = {},
): Promise<OutageResult> {
  const time = new VirtualTime()
  const chance = new Chance(scenario.seed)
  const network = new Network(time, chance, scenario.network)
  const instances = createInstances(scenario.instances, { time, chance, network }, options)
  time.at(scenario.warmUpMs / 2, () => {
    for (let index = 0; index < countCutOff(scenario); index += 1) network.cut.add(index)
  })
  const subject: Subject = {
    call: (index, failed) => {
      const permit = instances[index]!.breaker.acquire()
      if (!permit.admitted) return false
      if (failed) permit.failure()
      else permit.success()
      return true
    },
    isOpen: (index) => instances[index]!.breaker.state === 'open',
  }
  const result = await run(scenario, subject, { time, chance, network })
  for (const { fleet } of instances) fleet.close()
  return result
}

export function countCutOff({ instances, cutOff = 0 }: OutageScenario): number {
  return Math.floor(cutOff * instances)
}

export async function runPeerOutage(scenario: OutageScenario, peer: Peer): Promise<OutageResult> {
  const time = new VirtualTime()
  const chance = new Chance(scenario.seed)
  const network = new Network(time, chance)
  const rules = Array.from({ length: scenario.instances }, () => peer.create())
  const subject: Subject = {
    call: (index, failed, now) => {
      if (rules[index]!.open) return false
      rules[index]!.record(failed, now)
      return true
    },
    isOpen: (index) => rules[index]!.open,
  }
  return run(scenario, subject, { time, chance, network })
}

async function run(
  scenario: OutageScenario,
  subject: Subject,
  { time, chance, network }: { time: VirtualTime; chance: Chance; network: Network },
): Promise<OutageResult> {
  const { instances, rps, baseErrors, failing, warmUpMs, horizonMs } = scenario
  const openAfterMs = Array.from({ length: instances }, () => Infinity)
  const open = new Set<number>()
  let wasted = 0
  let atOutage = 0
  let next = chance.gapMs(rps)
  let lookAt = warmUpMs
  const look = (): void => {
    for (let index = 0; index < instances; index += 1) {
      if (open.has(index) || !subject.isOpen(index)) continue
      open.add(index)
      openAfterMs[index] = Math.max(0, time.now - warmUpMs)
    }
  }
  while (next < warmUpMs + horizonMs && open.size < instances) {
    if (time.isDue(next)) await time.advanceTo(next)
    else time.now = next
    const outage = time.now >= warmUpMs
    if (!outage) atOutage = network.commands
    const failed = chance.next() < (outage ? failing : baseErrors)
    const called = subject.call(chance.below(instances), failed, time.now)
    if (outage && failed && called) wasted += 1
    if (time.now >= lookAt) {
      look()
      lookAt = time.now + 1
    }
    next += chance.gapMs(rps)
  }
  return {
    openAfterMs,
    wasted,
    healthyCommands: (atOutage * 1_000) / warmUpMs,
    outageCommands: network.commands - atOutage,
  }
}
