import { claim, type Claim, type Comparison } from '../result.ts'
import type { Suite } from '../suite.ts'
import { type FleetReport, FULL, QUICK, runFleetSimulation } from './simulation.ts'

export { type FleetReport, FULL, QUICK, runFleetSimulation, type SimulationSize } from './simulation.ts'

/** The fleet simulator as a suite. It is no measurement: each run gives the same. */
export const fleet: Suite = {
  name: 'fleet',
  title: 'A fleet of breakers, simulated',
  async run({ quick }, tell) {
    const report = await runFleetSimulation(quick ? QUICK : FULL, tell)
    return {
      name: 'fleet',
      title: fleet.title,
      tables: tablesOf(report),
      claims: claimsOf(report),
      notes: [
        'The real engine and fleet logic on a virtual clock; a model stands in for Redis and the network.',
      ],
    }
  },
}

/** The time after which a share of the instances was open; Infinity where it never was. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Infinity
}

function tablesOf({ outages }: FleetReport): Comparison[] {
  return outages.flatMap(({ instances, rps, contenders }) => {
    const where = `${instances} instances, ${rps} requests/s`
    const table = (title: string, unit: string, of: (index: number) => number): Comparison => ({
      kind: 'comparison',
      title: `${title}: ${where}`,
      unit,
      better: 'lower',
      entries: contenders.map(({ name }, index) => ({ name, samples: [of(index)] })),
    })
    return [
      table('Until 99 % are open', 'ms', (index) => quantile(contenders[index]!.result.openAfterMs, 0.99)),
      table('Wasted calls', 'calls', (index) => contenders[index]!.result.wasted),
    ]
  })
}

/** A heartbeat, at the longest: with it an instance hears of what it missed. */
const BEAT_MS = 6_000

export function claimsOf({ outages, adversities, probes, quiet, healthy, death }: FleetReport): Claim[] {
  const largest = outages.at(-1)!.contenders[0]!.result
  const ms = (value: number): string => `${Math.round(value)} ms`
  return [
    claim('everyone open, 99 %', { atMost: 250 }, quantile(largest.openAfterMs, 0.99), ms),
    claim('wasted calls', { atMost: 2_000 }, largest.wasted),
    ...adversities.flatMap(({ what, inTouchMs, cutOffMs }) => {
      const open = (of: readonly number[]): number => quantile(of, 0.99)
      const inTouch = claim(
        `${what}: who is in touch is open, 99 %`,
        { atMost: BEAT_MS },
        open(inTouchMs),
        ms,
      )
      const alone = (): Claim => claim(`${what}: they are open, 99 %`, { atMost: 10_000 }, open(cutOffMs), ms)
      return cutOffMs.length === 0 ? [inTouch] : [inTouch, alone()]
    }),
    claim('half-open periods with too many probes', { atMost: 0 }, probes.excesses),
    ...quiet.map(({ what, result }) => claim(`opened wrongly: ${what}`, { atMost: 0 }, result.fleetOpens)),
    claim('Redis commands a second, healthy', { atMost: 250 }, healthy.commandsPerSecond),
    claim('calls refused because Redis died', { atMost: 0 }, death.refused),
    claim('on its own after Redis died', { atMost: 1_000 }, death.localAfterMs, ms),
    claim('together again after its return', { atMost: 5_000 }, death.sharedAfterMs, ms),
  ]
}
