import type { BackoffOptions } from '../options/options.ts'

/**
 * How long to wait before retry `n`, counted from 1. Full jitter: anywhere from 0 to the exponential bound, which
 * spreads the retries of many clients best ("Exponential Backoff And Jitter", AWS, 2015).
 */
export function backoffMs(
  { baseMs, maxMs, jitter }: Required<BackoffOptions>,
  n: number,
  random: () => number,
): number {
  const bound = Math.min(maxMs, baseMs * 2 ** (n - 1))
  return jitter === 'full' ? bound * random() : bound
}
