import type { OptionProblem } from './problems.ts'

interface Range {
  readonly min: number
  readonly max?: number
}

/** Reads one object of options, and notes what is wrong instead of stopping at it. */
export class OptionReader {
  readonly #options: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #problems: OptionProblem[]
  readonly #known = new Set<string>()

  constructor(options: unknown, path: string, problems: OptionProblem[]) {
    this.#path = path
    this.#problems = problems
    const isObject = typeof options === 'object' && options !== null && !Array.isArray(options)
    if (!isObject && options !== undefined) this.refuse('', options, 'an object')
    this.#options = isObject ? (options as Record<string, unknown>) : {}
  }

  /** A whole number of milliseconds, bytes or pieces. */
  integer<T extends number | undefined>(name: string, fallback: T, range: Range): number | T {
    const value = this.#take(name)
    if (value === undefined) return fallback
    if (Number.isInteger(value) && within(value as number, range)) return value as number
    return this.refuse(name, value, `a whole number ${written(range)}`, fallback)
  }

  number(name: string, fallback: number, range: Range): number {
    const value = this.#take(name)
    if (value === undefined) return fallback
    if (Number.isFinite(value) && within(value as number, range)) return value as number
    return this.refuse(name, value, `a number ${written(range)}`, fallback)
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#take(name)
    if (value === undefined) return fallback
    return typeof value === 'boolean' ? value : this.refuse(name, value, 'true or false', fallback)
  }

  string(name: string, fallback: string, pattern: RegExp): string {
    const value = this.#take(name)
    if (value === undefined) return fallback
    if (typeof value === 'string' && pattern.test(value)) return value
    return this.refuse(name, value, `a string like ${pattern}`, fallback)
  }

  strings(name: string, fallback: readonly string[], pattern: RegExp = /./): readonly string[] {
    const value = this.#take(name)
    if (value === undefined) return fallback
    const good = Array.isArray(value) && value.every((item) => typeof item === 'string' && pattern.test(item))
    return good
      ? Object.freeze([...(value as string[])])
      : this.refuse(name, value, `a list of strings like ${pattern}`, fallback)
  }

  /** A value that is checked by hand: what `accept` returns, unless it is undefined. */
  custom<T, F>(
    name: string,
    fallback: F,
    expected: string,
    accept: (value: unknown) => T | undefined,
  ): T | F {
    const value = this.#take(name)
    if (value === undefined) return fallback
    return accept(value) ?? this.refuse(name, value, expected, fallback)
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined
  }

  names(): string[] {
    return Object.keys(this.#options)
  }

  /** A reader of an object within. */
  nested(name: string): OptionReader {
    return new OptionReader(this.#take(name), this.#at(name), this.#problems)
  }

  /** Whatever has not been asked for is a problem: most often a typing error. */
  end(): void {
    for (const name of Object.keys(this.#options)) {
      if (!this.#known.has(name))
        this.refuse(name, this.#options[name], `one of ${[...this.#known].join(', ')}`)
    }
  }

  refuse<T>(name: string, received: unknown, expected: string, fallback?: T): T {
    this.#problems.push({ path: this.#at(name), received, expected })
    return fallback as T
  }

  #take(name: string): unknown {
    this.#known.add(name)
    return this.#options[name]
  }

  #at(name: string): string {
    return name === '' ? this.#path : `${this.#path}.${name}`
  }
}

function within(value: number, { min, max = Number.MAX_SAFE_INTEGER }: Range): boolean {
  return value >= min && value <= max
}

function written({ min, max }: Range): string {
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
}
