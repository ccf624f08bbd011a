/**
 * The log-linear scale of the latency histograms: eighths of a ms up to 1 ms, then 8 steps to each doubling, up to
 * 65.536 s and beyond in the last one. Quantiles are right to about 6 %, and each power of two of a ms is a bound.
 */
const STEPS = 8
const LONGEST_MS = 65_536
const LONGEST = 136

/** How many steps there are; the last one is without a bound. */
export const SCALE_LENGTH: number = LONGEST + 1

/** The step that a duration in ms belongs to; a step holds its lower bound. */
export function stepOf(durationMs: number): number {
  if (durationMs >= LONGEST_MS) return LONGEST
  const eighths = (durationMs * STEPS) | 0
  if (eighths < STEPS) return eighths < 0 ? 0 : eighths
  // What is left of it after the shift, from 8 to 15, counts on from where the doubling begins.
  const doubling = 28 - Math.clz32(eighths)
  return doubling * STEPS + (eighths >> doubling)
}

/** Lower bound of a step in ms, which is the upper one of the step before. */
export function lowerBoundMs(step: number): number {
  if (step < STEPS) return step / 8
  const exponent = Math.floor(step / STEPS) + 2
  return ((STEPS + (step % STEPS)) * 2 ** (exponent - 3)) / 8
}
