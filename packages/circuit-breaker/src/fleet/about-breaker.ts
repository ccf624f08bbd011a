import type { ResolvedBreakerOptions } from '../options/options.ts'
import type { LeaseCommand, VoteCommand } from './fleet-store.ts'

/** What a command that may open carries of the breaker's options. */
export type MayOpen = Pick<VoteCommand, 'aliveMs' | 'open' | 'spread'>
export type AboutProbes = Pick<LeaseCommand, 'aliveMs' | 'open' | 'spread' | 'probe'>

export function aboutOpening(
  { open }: ResolvedBreakerOptions,
  aliveMs: number,
  random: () => number,
): MayOpen {
  const { durationMs, maxMs, factor, jitter } = open
  return { aliveMs, open: { durationMs, maxMs, factor }, spread: 1 + jitter * (2 * random() - 1) }
}

export function aboutProbes(
  options: ResolvedBreakerOptions,
  aliveMs: number,
  random: () => number,
): AboutProbes {
  const { max, concurrency, successRatio, maxWaitMs } = options.probe
  return {
    ...aboutOpening(options, aliveMs, random),
    probe: { max, concurrency, successRatio, maxWaitMs },
  }
}
