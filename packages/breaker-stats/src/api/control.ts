import { BadControlError } from '../errors.ts'
import { parseDuration } from '../duration.ts'

export const controlActions = ['reset', 'open', 'close', 'disable'] as const
export type ControlAction = (typeof controlActions)[number]
export type ControlScope = 'local' | 'fleet'

/** What an operator asks of a breaker. */
export interface ControlRequest {
  readonly reason?: string
  /** How long `open` and `disable` hold, in ms. Left out: until somebody closes or resets it. */
  readonly forMs?: number
  /** This instance, or all of them. Left out: all of them where there is a fleet. */
  readonly scope?: ControlScope
}

const longestMs = 30 * 86_400_000

/** @throws SLUICE_STATS_BAD_CONTROL that names everything wrong with the body */
export function parseControl(action: ControlAction, body: unknown): ControlRequest {
  if (body === undefined || body === null) return {}
  if (typeof body !== 'object' || Array.isArray(body)) throw new BadControlError('the body must be an object')
  const { reason, forMs, scope, ...unknown } = body as Record<string, unknown>
  const durationMs = parseDuration(forMs)
  const wrong: string[] = Object.keys(unknown).map((name) => `${name} is not known here`)
  if (reason !== undefined && !(typeof reason === 'string' && reason.length <= 200)) {
    wrong.push('reason must be a string of at most 200 characters')
  }
  if (scope !== undefined && scope !== 'local' && scope !== 'fleet')
    wrong.push('scope must be local or fleet')
  if (forMs !== undefined) {
    if (action === 'close' || action === 'reset') wrong.push(`forMs means nothing to ${action}`)
    else if (durationMs === undefined || durationMs < 1 || durationMs > longestMs) {
      wrong.push("forMs must be a number of ms above 0, or a string such as '30s', and at most 30 days")
    }
  }
  if (wrong.length > 0) throw new BadControlError(wrong.join('; '))
  return {
    ...(reason === undefined ? {} : { reason: reason as string }),
    ...(durationMs === undefined ? {} : { forMs: durationMs }),
    ...(scope === undefined ? {} : { scope: scope as ControlScope }),
  }
}
