/** Whose requests are counted together. */
export type LimitSubject =
  /** The key (its id), or the address where there is no key. */
  | 'client'
  /** The consumer with all its keys, or the address. */
  | 'consumer'
  /** The address; for IPv6 the /64 that it is in. */
  | 'address'
  /** Everybody. */
  | 'all'

/** So many requests in so much time. */
export interface LimitOptions {
  /** Requests, 0 or more. */
  readonly max: number
  /** Milliseconds, 1 or more. */
  readonly windowMs: number
  /** Default `client`. */
  readonly by?: LimitSubject
  /** Names the policy in `RateLimit-Policy`, in statistics and in Redis. Default: where the limit stands. */
  readonly name?: string
  /** Counts and reports, and lets everybody pass. Default false. */
  readonly shadow?: boolean
}

export type Limit = Required<LimitOptions>

export interface LimitProblem {
  readonly path: string
  readonly received: unknown
  readonly expected: string
}

/** Limits with mistakes in them: all at once, each with its place. */
export class RateLimitConfigurationError extends Error {
  readonly code = 'SLUICE_RATE_LIMIT_CONFIGURATION'
  readonly problems: readonly LimitProblem[]

  constructor(subject: string, problems: readonly LimitProblem[]) {
    const lines = problems.map(
      ({ path, received, expected }) =>
        `  ${path}: expected ${expected}, received ${JSON.stringify(received)}`,
    )
    super(`${subject}:\n${lines.join('\n')}`)
    this.name = 'RateLimitConfigurationError'
    this.problems = problems
  }
}

const subjects: readonly string[] = ['client', 'consumer', 'address', 'all'] satisfies LimitSubject[]
const known = new Set(['max', 'windowMs', 'by', 'name', 'shadow'])
const maxWindowMs = 366 * 86_400_000

/** Limits with their defaults; the first one is called `name`, the next `name-2`. What is wrong is noted. */
export function parseLimits(
  options: readonly LimitOptions[],
  name: string,
  path: string,
  problems: LimitProblem[],
): readonly Limit[] {
  const limits = options.map((option, index) =>
    parseLimit(option, index === 0 ? name : `${name}-${index + 1}`, `${path}[${index}]`, problems),
  )
  for (const [index, limit] of limits.entries()) {
    if (limits.findIndex((other) => other.name === limit.name) !== index) {
      problems.push({ path: `${path}[${index}].name`, received: limit.name, expected: 'a name of its own' })
    }
  }
  return Object.freeze(limits)
}

function parseLimit(option: LimitOptions, name: string, path: string, problems: LimitProblem[]): Limit {
  const expect = (holds: boolean, key: keyof LimitOptions, expected: string): void => {
    if (!holds) problems.push({ path: `${path}.${key}`, received: option[key], expected })
  }
  const limit = { by: 'client', name, shadow: false, ...option } as const
  expect(Number.isSafeInteger(limit.max) && limit.max >= 0, 'max', 'a whole number, 0 or more')
  expect(
    Number.isInteger(limit.windowMs) && limit.windowMs >= 1 && limit.windowMs <= maxWindowMs,
    'windowMs',
    `milliseconds from 1 to ${maxWindowMs}`,
  )
  expect(subjects.includes(limit.by), 'by', subjects.join(', '))
  expect(/^[\w.-]{1,64}$/.test(limit.name), 'name', '1 to 64 letters, digits, `.`, `_` or `-`')
  expect(typeof limit.shadow === 'boolean', 'shadow', 'true or false')
  for (const [key, received] of Object.entries(option)) {
    if (!known.has(key)) problems.push({ path: `${path}.${key}`, received, expected: [...known].join(', ') })
  }
  return Object.freeze(limit)
}

const unitMs: Readonly<Record<string, number>> = { S: 1000, M: 60_000, H: 3_600_000, D: 86_400_000 }

/** `100-M`: a hundred requests a minute; S, M, H and D are second, minute, hour and day. Undefined for anything else. */
export function parseRateNotation(text: string): { max: number; windowMs: number } | undefined {
  const [, max, unit] = /^(\d{1,15})-([SMHD])$/i.exec(text.trim()) ?? []
  const windowMs = unitMs[unit?.toUpperCase() ?? '']
  return max === undefined || windowMs === undefined ? undefined : { max: Number(max), windowMs }
}
