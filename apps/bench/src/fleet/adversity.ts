import { countCutOff, type OutageResult, type OutageScenario, runFleetOutage } from './outage.ts'

/** An outage of the upstream in which the fleet cannot talk as it should. */
export interface Adversity {
  readonly what: string
  readonly result: OutageResult
  /** The instances that can reach Redis: when each of them was open, in ms. */
  readonly inTouchMs: readonly number[]
  /** The same of those that cannot. */
  readonly cutOffMs: readonly number[]
}

export async function runAdversities(outage: OutageScenario): Promise<Adversity[]> {
  const cases: [what: string, scenario: OutageScenario][] = [
    ['a fifth of the messages lost', { ...outage, network: { lost: 0.2 } }],
    ['all messages lost', { ...outage, network: { lost: 1 } }],
    ['15 % of the instances cut off from Redis', { ...outage, cutOff: 0.15 }],
  ]
  const adversities: Adversity[] = []
  for (const [what, scenario] of cases) {
    const result = await runFleetOutage(scenario)
    const { openAfterMs } = result
    const cutOff = countCutOff(scenario)
    adversities.push({
      what,
      result,
      inTouchMs: openAfterMs.slice(cutOff),
      cutOffMs: openAfterMs.slice(0, cutOff),
    })
  }
  return adversities
}
