import { type OptionProblem, OptionsError } from './options-error.ts'

export interface Range {
  /** Lowest value, itself allowed. */
  readonly from?: number
  /** Like `from`, but itself not allowed. */
  readonly above?: number
  readonly to?: number
  readonly integer?: boolean
}

/** Reads options one by one and collects what is wrong with them. A bad one is replaced by the base it would change. */
export class OptionChecker {
  readonly #problems: OptionProblem[] = []

  /** Throws if there were problems. */
  finish(): void {
    if (this.#problems.length > 0) throw new OptionsError(this.#problems)
  }

  problem(path: string, received: unknown, expected: string): void {
    this.#problems.push({ path, received, expected })
  }

  number(path: string, given: unknown, base: number, range: Range): number {
    return this.numberOr(path, given, base, { ...range, or: [] })
  }

  /** A number within the range, or one of a few words. */
  numberOr<Word extends string | false = never>(
    path: string,
    given: unknown,
    base: number | Word,
    { or, ...range }: Range & { readonly or: readonly Word[] },
  ): number | Word {
    if (given === undefined) return base
    if (typeof given === 'number' && isWithin(given, range)) return given
    const word = or.find((one) => one === given)
    if (word !== undefined) return word
    this.problem(path, given, [describe(range), ...or].join(' or '))
    return base
  }

  oneOf<T extends string>(path: string, given: unknown, base: T, allowed: readonly T[]): T {
    if (given === undefined) return base
    const found = allowed.find((one) => one === given)
    if (found === undefined) this.problem(path, given, `one of ${allowed.join(', ')}`)
    return found ?? base
  }

  /** An object with no other keys than `known`; an empty one stands in for what is missing or wrong. */
  object<T extends object>(path: string, given: T | undefined, known: readonly string[]): Partial<T> {
    if (given === undefined) return {}
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      this.problem(path, given, 'an object')
      return {}
    }
    for (const key of Object.keys(given)) {
      if (!known.includes(key)) {
        this.problem(`${path}.${key}`, given[key as keyof T], `one of the options ${known.join(', ')}`)
      }
    }
    return given
  }
}

function isWithin(
  value: number,
  { from = -Infinity, above = -Infinity, to = Infinity, integer }: Range,
): boolean {
  if (!Number.isFinite(value) || (integer === true && !Number.isInteger(value))) return false
  return value >= from && value > above && value <= to
}

function describe({ from, above, to, integer }: Range): string {
  const kind = integer === true ? 'a whole number' : 'a number'
  const low = above === undefined ? `from ${from}` : `above ${above}`
  return to === undefined ? `${kind} ${low}` : `${kind} ${low} to ${to}`
}
