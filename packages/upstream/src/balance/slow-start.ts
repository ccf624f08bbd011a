import type { SlowStartOptions } from '../options/options.ts'

/** The share of its weight that an origin gets `elapsedMs` after it came (back): from `floor` straight up to 1. */
export function slowStartShare({ durationMs, floor }: Required<SlowStartOptions>, elapsedMs: number): number {
  return Math.min(1, Math.max(floor, elapsedMs / durationMs))
}
