import createError, { type FastifyErrorConstructor } from '@fastify/error'

/** What is wrong with one option. */
export interface OptionProblem {
  /** Such as `responseCache.memory.maxBytes`. */
  readonly path: string
  readonly received: unknown
  readonly expected: string
}

const OptionsError: FastifyErrorConstructor<{ code: string }, [string]> = createError(
  'SLUICE_RESPONSE_CACHE_OPTIONS',
  '%s',
  500,
  TypeError,
)

/** Thrown at start-up; lists every problem. */
export class ResponseCacheOptionsError extends OptionsError {
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(
      problems
        .map(({ path, received, expected }) => `${path}: expected ${expected}, got ${show(received)}`)
        .join('; '),
    )
    this.problems = problems
  }
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'object' && value !== null && !isPlain(value)) return `a ${value.constructor.name}`
  return `${JSON.stringify(value)} (${typeof value})`
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || prototype === Array.prototype
}
