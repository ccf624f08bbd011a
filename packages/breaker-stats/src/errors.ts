import { inspect } from 'node:util'
import createError from '@fastify/error'

export interface OptionProblem {
  /** Where, e.g. `live.intervalMs`. */
  readonly path: string
  readonly received: unknown
  readonly expected: string
}

/** Bad options, all of them at once; thrown at start-up. */
export class StatsOptionsError extends TypeError {
  override readonly name = 'StatsOptionsError'
  readonly code = 'SLUICE_STATS_OPTIONS'
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map(describe).join('\n'))
    this.problems = problems
  }
}

function describe({ path, received, expected }: OptionProblem): string {
  return `breakerStats: ${path}: expected ${expected}, got ${inspect(received, { depth: 1, breakLength: Infinity })}`
}

type StatsError = ReturnType<typeof createError>

/** Thrown at start-up: nothing would guard the stats. */
export const UnguardedError: StatsError = createError(
  'SLUICE_STATS_UNGUARDED',
  "breakerStats would be open to everyone: register @sluice/api-key-auth before it, or set `access` to a hook, 'loopback' or 'public'",
)
export const UnknownBreakerError: StatsError = createError(
  'SLUICE_STATS_UNKNOWN_BREAKER',
  'no circuit breaker is named %s',
  404,
)
export const MethodNotAllowedError: StatsError = createError(
  'SLUICE_STATS_METHOD',
  '%s is not allowed here; allowed: %s',
  405,
)
export const BadControlError: StatsError = createError('SLUICE_STATS_BAD_CONTROL', '%s', 400)
export const MediaTypeError: StatsError = createError(
  'SLUICE_STATS_MEDIA_TYPE',
  'a body must be application/json',
  415,
)
export const CrossSiteError: StatsError = createError(
  'SLUICE_STATS_CROSS_SITE',
  'requests of other sites are refused',
  403,
)
export const ForbiddenError: StatsError = createError('SLUICE_STATS_FORBIDDEN', '%s', 403)
export const NoFleetError: StatsError = createError(
  'SLUICE_STATS_NO_FLEET',
  'circuit breaker %s is not part of a fleet: it has the scope local alone',
  409,
)
export const UpgradeRequiredError: StatsError = createError(
  'SLUICE_STATS_UPGRADE_REQUIRED',
  'this address speaks WebSocket only',
  426,
)
export const TestRunningError: StatsError = createError(
  'SLUICE_STATS_TEST_RUNNING',
  'the circuit-breaker test is running already',
  409,
)
