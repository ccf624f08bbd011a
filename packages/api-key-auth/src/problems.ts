/** One thing that is wrong with what was configured. */
export interface ConfigurationProblem {
  /** Where it stands: `memory.ttlMs`, `keys[2].hash`. */
  readonly path: string
  /** What was found there. Secrets are never repeated. */
  readonly received: unknown
  /** What would be right. */
  readonly expected: string
}

/** Options, route configuration or a keys file with mistakes in them: all at once, each with its place. */
export class ApiKeyConfigurationError extends Error {
  readonly code = 'SLUICE_API_KEY_CONFIGURATION'
  /** For attributes that came over HTTP; what is wrong at start-up is never answered to anybody. */
  readonly statusCode = 400
  readonly problems: readonly ConfigurationProblem[]

  constructor(subject: string, problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(
      ({ path, received, expected }) => `  ${path}: expected ${expected}, received ${show(received)}`,
    )
    super(`${subject}:\n${lines.join('\n')}`)
    this.name = 'ApiKeyConfigurationError'
    this.problems = problems
  }

  /** Further members of the problem document (RFC 9457). */
  get problem(): { readonly problems: readonly ConfigurationProblem[] } {
    return { problems: this.problems }
  }
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value) ?? String(value)
}

/** Reads plain values out of `source`, noting each that is not what it should be. */
export class ValueReader {
  readonly problems: ConfigurationProblem[]
  private readonly source: Record<string, unknown>
  private readonly path: string

  constructor(source: Record<string, unknown>, path: string, problems: ConfigurationProblem[]) {
    this.source = source
    this.path = path
    this.problems = problems
  }

  /** The value of `key` if it passes `test`; undefined where it is absent, and where it is wrong, which is noted. */
  read<T>(key: string, expected: string, test: (value: unknown) => value is T): T | undefined {
    const value = this.source[key]
    if (value === undefined || value === null) return undefined
    if (test(value)) return value
    this.report(key, value, expected)
    return undefined
  }

  report(key: string, received: unknown, expected: string): void {
    this.problems.push({ path: this.path === '' ? key : `${this.path}.${key}`, received, expected })
  }

  /** Text that matches `pattern`. */
  string(key: string, expected: string, pattern: RegExp): string | undefined {
    return this.read(
      key,
      expected,
      (value): value is string => typeof value === 'string' && pattern.test(value),
    )
  }

  boolean(key: string): boolean | undefined {
    return this.read(key, 'true or false', (value): value is boolean => typeof value === 'boolean')
  }

  integer(key: string, min: number, max: number): number | undefined {
    return this.read(
      key,
      `a whole number from ${min} to ${max}`,
      (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    )
  }

  /** Notes keys that mean nothing here: most are typing errors in an option that then silently keeps its default. */
  refuseOthers(known: readonly string[]): void {
    for (const key of Object.keys(this.source)) {
      if (!known.includes(key)) this.report(key, this.source[key], `one of ${known.join(', ')}`)
    }
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
