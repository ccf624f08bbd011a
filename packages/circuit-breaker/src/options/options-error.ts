export interface OptionProblem {
  /** Where, e.g. `breakers.orders.open.jitter`. */
  readonly path: string
  readonly received: unknown
  readonly expected: string
}

/** Bad options, all of them at once; thrown at start-up. */
export class OptionsError extends TypeError {
  override readonly name = 'OptionsError'
  readonly code = 'SLUICE_BREAKER_OPTIONS'
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map(describe).join('\n'))
    this.problems = problems
  }
}

function describe({ path, received, expected }: OptionProblem): string {
  return `${path}: expected ${expected}, got ${show(received)}`
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
}
