/** What a suite found. */
export interface SuiteResult {
  readonly name: string
  readonly title: string
  readonly tables: readonly (Comparison | Growth)[]
  readonly claims: readonly Claim[]
  /** What was left out, and why. */
  readonly notes: readonly string[]
}

/** Contenders beside each other, measured in the same rounds. */
export interface Comparison {
  readonly kind: 'comparison'
  readonly title: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  /** The contender that is 1.00; absent: figures that are no ratio of each other. */
  readonly reference?: string
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly name: string
  /** One a round. */
  readonly samples: readonly number[]
  /** For servers: what the load saw, one a round. */
  readonly server?: ServerFigures
}

export interface ServerFigures {
  /** Processor time per request, µs. */
  readonly cpuUs: readonly number[]
  readonly p50Ms: readonly number[]
  readonly p99Ms: readonly number[]
  /** Resident memory at the end, bytes. */
  readonly rssBytes: number
}

/** How a cost grows with a size. */
export interface Growth {
  readonly kind: 'growth'
  readonly title: string
  /** What grows. */
  readonly axis: string
  readonly unit: string
  readonly points: readonly { readonly size: number; readonly value: number }[]
  /** The greatest exponent of the power law that is expected: 0 constant, 1 linear. */
  readonly expectedExponent: number
}

/** What was asked for, and what was seen. */
export interface Claim {
  readonly what: string
  readonly asked: string
  readonly seen: string
  readonly met: boolean
}

export type Bound = { readonly atLeast: number } | { readonly atMost: number }

/** Compares a figure with its bound. A figure that is not a number meets nothing. */
export function claim(
  what: string,
  bound: Bound,
  seen: number,
  format: (value: number) => string = plain,
): Claim {
  const met = 'atLeast' in bound ? seen >= bound.atLeast : seen <= bound.atMost
  const asked = 'atLeast' in bound ? `≥ ${format(bound.atLeast)}` : `≤ ${format(bound.atMost)}`
  return { what, asked, seen: format(seen), met }
}

/** The entry of that name. Throws where there is none. */
export function entryOf({ title, entries }: Comparison, name: string): Entry {
  const entry = entries.find((each) => each.name === name)
  if (entry === undefined) throw new Error(`${title} has no ${name}`)
  return entry
}

function plain(value: number): string {
  return `${Number(value.toPrecision(3))}`
}
