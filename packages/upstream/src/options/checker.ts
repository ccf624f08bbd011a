import { UpstreamOptionsError, type OptionProblem } from '../errors.ts'

interface Range {
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
  /** What it is measured in, for the message. */
  readonly unit?: string
}

/** Collects what is wrong with a set of options, so that all of it can be reported at once. */
export class Checker {
  readonly #problems: OptionProblem[] = []

  reject(path: string, received: unknown, expected: string): void {
    this.#problems.push({ path, received, expected })
  }

  throwIfAny(): void {
    if (this.#problems.length > 0) throw new UpstreamOptionsError(this.#problems)
  }

  /** The value as a record with no keys but these; an empty one where it is left out or wrong. */
  object<T extends object>(
    path: string,
    value: T | undefined,
    keys: readonly (keyof T & string)[],
  ): Partial<T> {
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.reject(path, value, 'an object')
      return {}
    }
    for (const key of Object.keys(value)) {
      if (!keys.includes(key as never)) {
        this.reject(path === '' ? key : `${path}.${key}`, (value as never)[key], `one of ${keys.join(', ')}`)
      }
    }
    return value
  }

  number(path: string, value: number | undefined, fallback: number, range: Range): number {
    if (value === undefined) return fallback
    const { min = 0, max = Infinity, integer = false } = range
    const valid =
      typeof value === 'number' && value >= min && value <= max && (integer ? Number.isInteger(value) : true)
    if (!valid || !Number.isFinite(value)) this.reject(path, value, describe(range))
    return value
  }

  /** A duration in ms that fits a Node timer, which is at most 2³¹ - 1. */
  duration(path: string, value: number | undefined, fallback: number, min = 0): number {
    return this.number(path, value, fallback, { min, max: 2_147_483_647, unit: 'ms' })
  }

  boolean(path: string, value: boolean | undefined, fallback: boolean): boolean {
    if (value !== undefined && typeof value !== 'boolean') this.reject(path, value, 'true or false')
    return value ?? fallback
  }

  oneOf<T extends string>(path: string, value: T | undefined, fallback: T, values: readonly T[]): T {
    if (value !== undefined && !values.includes(value))
      this.reject(path, value, `one of ${values.join(', ')}`)
    return value ?? fallback
  }

  list<T>(
    path: string,
    value: readonly T[] | undefined,
    fallback: readonly T[],
    each: (item: T) => boolean,
    expected: string,
  ): readonly T[] {
    if (value === undefined) return fallback
    if (!Array.isArray(value)) {
      this.reject(path, value, `an array of ${expected}`)
      return fallback
    }
    value.forEach((item: T, index) => {
      if (!each(item)) this.reject(`${path}[${index}]`, item, expected)
    })
    return value
  }

  /** Statuses of final responses. */
  statuses(
    path: string,
    value: readonly number[] | undefined,
    fallback: readonly number[],
  ): readonly number[] {
    return this.list(path, value, fallback, isStatus, 'a status from 200 to 599')
  }
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599
}

function describe({ min = 0, max = Infinity, integer = false, unit }: Range): string {
  const kind = `${integer ? 'an integer' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}`
  return max === Infinity ? `${kind}, at least ${min}` : `${kind} from ${min} to ${max}`
}
