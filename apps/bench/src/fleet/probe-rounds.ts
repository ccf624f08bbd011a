import { Chance } from './chance.ts'
import { createInstances, type SimulatedInstance } from './instances.ts'
import { Network } from './network.ts'
import { VirtualTime } from './virtual-time.ts'

export interface ProbeRounds {
  readonly rounds: number
  /** Half-open periods looked at. */
  readonly periods: number
  readonly probes: number
  /** Periods in which more probes were under way at one time than allowed, or more in all. */
  readonly excesses: number
}

/**
 * Fleets, limits, latencies and upstreams at random: an outage, and then probes until the upstream is back. Counted where
 * it matters, at the upstream.
 */
export async function runProbeRounds(rounds: number, seed: number): Promise<ProbeRounds> {
  const chance = new Chance(seed)
  const sum = { rounds, periods: 0, probes: 0, excesses: 0 }
  for (let round = 0; round < rounds; round += 1) {
    for (const { most, total, limits } of await runRound(chance)) {
      sum.periods += 1
      sum.probes += total
      if (most > limits.concurrency || total > limits.max) sum.excesses += 1
    }
  }
  return sum
}

interface Period {
  live: number
  most: number
  total: number
  readonly limits: { readonly max: number; readonly concurrency: number }
}

async function runRound(chance: Chance): Promise<Iterable<Period>> {
  const time = new VirtualTime()
  const network = new Network(time, chance, { latencyMs: 0.2 + 5 * chance.next() })
  const max = 1 + chance.below(5)
  const limits = { max, concurrency: 1 + chance.below(max) }
  const instances = createInstances(
    2 + chance.below(30),
    { time, chance, network },
    {
      open: { durationMs: 500 },
      probe: { ...limits, timeoutMs: 1_000 },
    },
  )
  const periods = new Map<number, Period>()
  const failing = chance.next()
  const rps = 20 * instances.length
  for (let next = 50; next < 6_000; next += chance.gapMs(rps)) {
    await time.advanceTo(next)
    const instance = instances[chance.below(instances.length)]!
    const failed = next < 400 || (next < 4_000 && chance.next() < failing)
    call(instance, failed, { time, durationMs: 1 + 60 * chance.next(), periods, limits })
  }
  for (const { fleet } of instances) fleet.close()
  return periods.values()
}

function call(
  { breaker, fleet }: SimulatedInstance,
  failed: boolean,
  world: {
    readonly time: VirtualTime
    readonly durationMs: number
    readonly periods: Map<number, Period>
    readonly limits: Period['limits']
  },
): void {
  const { time, durationMs, periods, limits } = world
  const permit = breaker.acquire()
  if (!permit.admitted) return
  let period: Period | undefined
  if (permit.probe && breaker.snapshot().scope === 'fleet') {
    const { epoch } = fleet.status('upstream')
    period = periods.get(epoch) ?? { live: 0, most: 0, total: 0, limits }
    periods.set(epoch, period)
    period.live += 1
    period.total += 1
    period.most = Math.max(period.most, period.live)
  }
  time.at(time.now + durationMs, () => {
    if (period !== undefined) period.live -= 1
    if (failed) permit.failure()
    else permit.success()
  })
}
