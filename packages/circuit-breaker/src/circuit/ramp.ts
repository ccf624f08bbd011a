import type { RecoveryOptions } from '../options/options.ts'

const EXPONENT = 1.5

/** The share of calls to admit `elapsedMs` after closing, 0 to 1. */
export function admittedShare(options: Readonly<Required<RecoveryOptions>>, elapsedMs: number): number {
  if (elapsedMs >= options.rampMs) return 1
  return Math.max(options.floor, (Math.max(0, elapsedMs) / options.rampMs) ** EXPONENT)
}
