/**
 * The log-linear scale of the latency histograms: eighths of a ms up to 1 ms, then 8 steps to each doubling, up to
 * 65.536 s and beyond in the last one. Quantiles are right to about 6 %, and each power of two of a ms is a bound.
 */
const STEPS = 8
const LAST_EXPONENT = 18

/** How many steps there are; the last one is without a bound. */
export const SCALE_LENGTH: number = (LAST_EXPONENT - 1) * STEPS + 1

/** The step that a duration in ms belongs to; a step holds its lower bound. */
export function stepOf(durationMs: number): number {
  const eighths = (durationMs * 8) | 0
  if (durationMs >= 65_536) return SCALE_LENGTH - 1
  if (eighths < STEPS) return eighths < 0 ? 0 : eighths
  const exponent = 31 - Math.clz32(eighths)
  return (exponent - 2) * STEPS + ((eighths >> (exponent - 3)) & (STEPS - 1))
}

/** Lower bound of a step in ms, which is the upper one of the step before. */
export function lowerBoundMs(step: number): number {
  if (step < STEPS) return step / 8
  const exponent = Math.floor(step / STEPS) + 2
  return ((STEPS + (step % STEPS)) * 2 ** (exponent - 3)) / 8
}
