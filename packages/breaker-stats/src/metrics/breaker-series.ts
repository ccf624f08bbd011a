import type { BreakerSnapshot, BreakerState, LatencyBuckets, LatencyKind } from '@sluice/circuit-breaker'

type Facts = Pick<
  BreakerSnapshot,
  'window' | 'totals' | 'rejections' | 'inFlight' | 'latencyBuckets' | 'bulkhead' | 'fleet'
>

/** What is shown under one `name`: a breaker, or all those made from one template (one for each key). */
export interface BreakerSeries extends Facts {
  readonly name: string
  readonly group: string | undefined
  /** Names of the breakers. */
  readonly members: readonly string[]
  /** How many of them are in each state. */
  readonly states: ReadonlyMap<BreakerState, number>
  /** How many decide and never reject. */
  readonly observing: number
}

/** Breakers of a template become one series, so that keys never become labels. */
export function breakerSeries(snapshots: readonly BreakerSnapshot[]): BreakerSeries[] {
  const byName = new Map<string, BreakerSnapshot[]>()
  for (const snapshot of snapshots) {
    const name = snapshot.template ?? snapshot.name
    const others = byName.get(name)
    if (others === undefined) byName.set(name, [snapshot])
    else others.push(snapshot)
  }
  return Array.from(byName, ([name, members]) => {
    const facts = members.reduce<Facts | undefined>(
      (sum, one) => (sum === undefined ? one : add(sum, one)),
      undefined,
    )
    const { window, totals, rejections, inFlight, latencyBuckets, bulkhead, fleet } = facts as Facts
    return {
      name,
      group: members[0]?.group,
      members: members.map((member) => member.name),
      states: countStates(members),
      observing: members.filter(({ mode }) => mode === 'observe').length,
      window,
      totals,
      rejections,
      inFlight,
      latencyBuckets,
      ...(bulkhead === undefined ? {} : { bulkhead }),
      ...(fleet === undefined ? {} : { fleet }),
    }
  })
}

function countStates(members: readonly BreakerSnapshot[]): ReadonlyMap<BreakerState, number> {
  const counts = new Map<BreakerState, number>()
  for (const { state } of members) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}

function add(a: Facts, b: Facts): Facts {
  const window = sums(a.window, b.window)
  return {
    window: {
      ...window,
      failureRatio: ratio(window.failures, window.successes + window.failures),
      slowRatio: ratio(window.slow, window.successes + window.failures),
    },
    totals: sums(a.totals, b.totals),
    rejections: sums(a.rejections, b.rejections),
    inFlight: a.inFlight + b.inFlight,
    latencyBuckets: addBuckets(a.latencyBuckets, b.latencyBuckets),
    ...(a.bulkhead === undefined || b.bulkhead === undefined
      ? {}
      : { bulkhead: sums(a.bulkhead, b.bulkhead) }),
    ...(a.fleet === undefined ? {} : { fleet: a.fleet }),
  }
}

function sums<T extends object>(a: T, b: T): T {
  const sum: Record<string, number> = {}
  for (const [key, value] of Object.entries(a) as [string, number][]) {
    sum[key] = value + (b as Record<string, number>)[key]!
  }
  return sum as T
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? -1 : part / whole
}

function addBuckets(a: LatencyBuckets, b: LatencyBuckets): LatencyBuckets {
  const counts = {} as Record<LatencyKind, readonly number[]>
  for (const kind of Object.keys(a.counts) as LatencyKind[]) {
    counts[kind] = a.counts[kind].map((count, i) => count + (b.counts[kind][i] ?? 0))
  }
  return { le: a.le, counts, sums: sums(a.sums, b.sums) }
}
