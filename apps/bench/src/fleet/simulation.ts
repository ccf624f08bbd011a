import { type Adversity, runAdversities } from './adversity.ts'
import { type OutageResult, type OutageScenario, runFleetOutage, runPeerOutage } from './outage.ts'
import { peers } from './peers.ts'
import { type ProbeRounds, runProbeRounds } from './probe-rounds.ts'
import { type QuietResult, type QuietScenario, runQuiet } from './quiet.ts'
import { runStoreDeath, type StoreDeath } from './store-death.ts'

export interface SimulationSize {
  /** Of the largest fleet. */
  readonly instances: number
  readonly rps: number
  readonly probeRounds: number
  readonly quietDays: number
}

export const FULL: SimulationSize = { instances: 1_000, rps: 10_000, probeRounds: 10_000, quietDays: 7 }
export const QUICK: SimulationSize = { instances: 100, rps: 2_000, probeRounds: 50, quietDays: 0.005 }

export interface OutageComparison {
  readonly instances: number
  readonly rps: number
  readonly contenders: readonly {
    readonly name: string
    readonly rule: string
    readonly result: OutageResult
  }[]
}

export interface FleetReport {
  readonly outages: readonly OutageComparison[]
  readonly adversities: readonly Adversity[]
  readonly probes: ProbeRounds
  readonly quiet: readonly { readonly what: string; readonly days: number; readonly result: QuietResult }[]
  readonly healthy: QuietResult
  readonly death: StoreDeath
}

const OWN = 'Sluice, in a fleet'
const DAY = 86_400_000
const START_MS = 60_000

/** Runs everything, on a clock of its own. The same size and seed give the same report. */
export async function runFleetSimulation(
  size: SimulationSize,
  tell: (line: string) => void = () => {},
  seed = 1,
): Promise<FleetReport> {
  const outages: OutageComparison[] = []
  for (const share of [0.01, 0.1, 1]) {
    const instances = Math.max(3, size.instances * share)
    const rps = Math.max(size.rps * (share === 0.01 ? 0.1 : 1), 100)
    tell(`outage: ${instances} instances, ${rps} requests/s`)
    outages.push(await compareOutage({ instances, rps, seed, ...OUTAGE }))
  }
  tell('messages lost, instances cut off')
  const { instances, rps } = size
  const adversities = await runAdversities({ instances, rps, seed, ...OUTAGE })
  tell(`${size.probeRounds} rounds of probes`)
  const probes = await runProbeRounds(size.probeRounds, seed)
  const quiet: FleetReport['quiet'][number][] = []
  for (const [what, days, scenarios] of quietScenarios(size, seed)) {
    tell(what)
    const results: QuietResult[] = []
    for (const scenario of scenarios) results.push(await runQuiet(scenario))
    quiet.push({ what, days, result: sumUp(results) })
  }
  tell('a healthy minute')
  const well = { instances, rps, baseErrors: 0.01, partitioned: 0, seed }
  const healthy = await runQuiet({ ...well, durationMs: 60_000 })
  tell('the death of Redis')
  const death = await runStoreDeath(Math.ceil(size.instances / 10), size.rps / 10, seed)
  return { outages, adversities, probes, quiet, healthy, death }
}

const OUTAGE = { baseErrors: 0.01, failing: 1, warmUpMs: 30_000, horizonMs: 20_000 }

async function compareOutage(scenario: OutageScenario): Promise<OutageComparison> {
  const contenders = [{ name: OWN, rule: 'votes of 20 %', result: await runFleetOutage(scenario) }]
  for (const peer of peers) {
    contenders.push({ name: peer.name, rule: peer.rule, result: await runPeerOutage(scenario, peer) })
  }
  return { instances: scenario.instances, rps: scenario.rps, contenders }
}

function quietScenarios(
  { instances, rps, quietDays }: SimulationSize,
  seed: number,
): [what: string, days: number, scenarios: readonly QuietScenario[]][] {
  const small = { instances: 10, rps: 100, partitioned: 0, durationMs: quietDays * DAY, seed }
  const cut = { instances, rps, partitioned: 0.15, durationMs: 300_000, seed }
  // What is usual must be learnt first: the start is the likeliest time to take it for an outage.
  const starts = Array.from({ length: 100 }, (_, index) => {
    return { ...small, baseErrors: 0.1, durationMs: START_MS, seed: seed + index }
  })
  return [
    ['10 instances, 10 % of calls fail', quietDays, [{ ...small, baseErrors: 0.1 }]],
    ['the same, 100 starts', (starts.length * START_MS) / DAY, starts],
    [`${instances} instances, 15 % of them cut off`, 300_000 / DAY, [{ ...cut, baseErrors: 0.01 }]],
  ]
}

function sumUp(results: readonly QuietResult[]): QuietResult {
  const sum = (of: (result: QuietResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    fleetOpens: sum(({ fleetOpens }) => fleetOpens),
    localOpens: sum(({ localOpens }) => localOpens),
    commandsPerSecond: sum(({ commandsPerSecond }) => commandsPerSecond) / results.length,
  }
}
