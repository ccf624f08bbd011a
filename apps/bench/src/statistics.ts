/** The q-quantile of the values, interpolated; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) return Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Half the distance from the least to the greatest, as a share of the median: the ± beside a figure. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values)
}

/**
 * The median of the ratios round by round. What slows the whole machine down for a while slows both sides of a round,
 * so this says more than the ratio of two medians.
 */
export function pairedRatio(values: readonly number[], references: readonly number[]): number {
  return median(paired(values, references, (value, reference) => value / reference))
}

/** The median of the differences round by round. */
export function pairedDifference(values: readonly number[], references: readonly number[]): number {
  return median(paired(values, references, (value, reference) => value - reference))
}

/** The exponent k of the power law `value ~ size^k` that fits best: 0 is constant, 1 is linear. */
export function growthExponent(points: readonly { readonly size: number; readonly value: number }[]): number {
  const x = points.map(({ size }) => Math.log(size))
  const y = points.map(({ value }) => Math.log(value))
  const meanX = mean(x)
  const meanY = mean(y)
  const covariance = mean(x.map((value, index) => (value - meanX) * ((y[index] ?? 0) - meanY)))
  return covariance / mean(x.map((value) => (value - meanX) ** 2))
}

/** Welch's t: how many standard errors two means lie apart. */
export function welch(a: readonly number[], b: readonly number[]): number {
  return (mean(a) - mean(b)) / Math.sqrt(variance(a) / a.length + variance(b) / b.length)
}

function paired(
  values: readonly number[],
  references: readonly number[],
  combine: (value: number, reference: number) => number,
): number[] {
  return values.map((value, round) => combine(value, references[round] ?? Number.NaN))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function variance(values: readonly number[]): number {
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1)
}
