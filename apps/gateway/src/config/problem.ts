/** One thing that is wrong with the configuration, in the operator's words. */
export interface Problem {
  /** Where, such as `services.orders.circuitBreaker.failureRatio`. */
  path: string
  /** What stands there, as it would be written. */
  received: string
  /** What could stand there. */
  expected: string
}

/** All that is wrong with a configuration, at once. Its message is ready to be shown; its stack never is. */
export class ConfigError extends Error {
  readonly code = 'SLUICE_CONFIG'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function formatProblem({ path, received, expected }: Problem): string {
  return `${path === '' ? '(document)' : path}: received ${received}, expected ${expected}`
}

const longestShown = 80

/** A value as the operator wrote it, cut where it is long. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/**
 * The problems that a part of Sluice found in its own options, moved to where the operator wrote them.
 * Anything else is not the operator's mistake and is thrown on.
 */
export function problemsOf(error: unknown, path: string): Problem[] {
  if (error instanceof Error && 'problems' in error && Array.isArray(error.problems)) {
    return (error.problems as Problem[]).map((problem) => ({
      path: [path, problem.path].filter((part) => part !== '').join('.'),
      received: typeof problem.received === 'string' ? problem.received : show(problem.received),
      expected: problem.expected,
    }))
  }
  throw error
}
