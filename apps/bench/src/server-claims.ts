import { type Claim, claim, type Comparison, entryOf } from './result.ts'
import { pairedRatio } from './statistics.ts'

/**
 * Two lines for one figure: the throughput seen, and what the processor time per request allows. A server alone on its
 * core does as many requests as that time allows; where others have a share of the core, only the second says much.
 */
export function throughputClaims(
  table: Comparison,
  what: string,
  atLeast: number,
  name: string,
  reference: string,
): Claim[] {
  const times = (ratio: number): string => `× ${ratio.toFixed(2)}`
  const [one, other] = [entryOf(table, name), entryOf(table, reference)]
  const byTime = pairedRatio(other.server?.cpuUs ?? [], one.server?.cpuUs ?? [])
  return [
    claim(`${what}, requests/s`, { atLeast }, pairedRatio(one.samples, other.samples), times),
    claim(`${what}, by processor time`, { atLeast }, byTime, times),
  ]
}

/** The ratio of two 99th percentiles. */
export function latencyRatio(table: Comparison, name: string, reference: string): number {
  const p99 = (which: string): readonly number[] => entryOf(table, which).server?.p99Ms ?? []
  return pairedRatio(p99(name), p99(reference))
}
