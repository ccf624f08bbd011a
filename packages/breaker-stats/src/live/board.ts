import type { BreakerSnapshot } from '@sluice/circuit-breaker'
import type { Row, RowChange } from './protocol.ts'

const driftMs = 100

export function toRow(snapshot: BreakerSnapshot): Row {
  const { window, totals, latency, fleet } = snapshot
  return {
    name: snapshot.name,
    group: snapshot.group ?? null,
    state: snapshot.state,
    since: snapshot.since,
    reason: snapshot.forced?.reason ?? snapshot.reason,
    retryAt: snapshot.retryAt ?? snapshot.forced?.until ?? null,
    scope: snapshot.scope,
    calls: window.calls,
    failureRatio: round(window.calls === 0 ? 0 : window.failures / window.calls, 1000),
    p50: round(latency.p50, 10),
    p95: round(latency.p95, 10),
    p99: round(latency.p99, 10),
    inFlight: snapshot.inFlight,
    successes: totals.successes,
    failures: totals.failures,
    rejects: totals.rejects,
    fallbacks: totals.fallbacks,
    votes: fleet?.votes ?? null,
    instances: fleet?.instances ?? null,
    fleetMode: fleet?.mode ?? null,
  }
}

/** The rows as the viewers have them, and what changed since. */
export class Board {
  #rows = new Map<string, Row>()

  get rows(): Row[] {
    return [...this.#rows.values()]
  }

  /** Takes a few fresh snapshots; answers what changed of them. */
  patch(snapshots: readonly BreakerSnapshot[]): RowChange[] {
    const changes: RowChange[] = []
    for (const snapshot of snapshots) {
      const before = this.#rows.get(snapshot.name)
      const row = steady(before, toRow(snapshot))
      const change = difference(before, row)
      this.#rows.set(row.name, row)
      if (change !== undefined) changes.push(change)
    }
    return changes
  }

  /** Takes all of the snapshots there are; answers what changed, and who is gone. */
  replace(snapshots: readonly BreakerSnapshot[]): { rows: RowChange[]; gone: string[] } {
    const rows = this.patch(snapshots)
    const gone: string[] = []
    if (this.#rows.size > snapshots.length) {
      const live = new Set(snapshots.map(({ name }) => name))
      for (const name of this.#rows.keys()) if (!live.has(name)) gone.push(name)
      for (const name of gone) this.#rows.delete(name)
    }
    return { rows, gone }
  }
}

/**
 * A breaker's times come from a monotonic clock and are told as times of day, so they shift a little with every
 * correction of the latter. That is no news.
 */
function steady(before: Row | undefined, after: Row): Row {
  if (before?.state !== after.state || Math.abs(before.since - after.since) > driftMs) return after
  const isSameRetry =
    before.retryAt !== null && after.retryAt !== null && Math.abs(before.retryAt - after.retryAt) <= driftMs
  return { ...after, since: before.since, retryAt: isSameRetry ? before.retryAt : after.retryAt }
}

function difference(before: Row | undefined, after: Row): RowChange | undefined {
  if (before === undefined) return after
  let change: Record<string, unknown> | undefined
  for (const key of Object.keys(after) as (keyof Row)[]) {
    if (before[key] !== after[key]) (change ??= { name: after.name })[key] = after[key]
  }
  return change as RowChange | undefined
}

function round(value: number, scale: number): number {
  return Math.round(value * scale) / scale
}
