import type { Row } from '#src/live/protocol'
import { duration } from './format.ts'
import { stateStyles } from './states.ts'

/** `Open 14 s · fleet · again in 26 s`. */
export function statusText(row: Row, now: number): string {
  const { label } = stateStyles[row.state]
  if (row.state === 'closed') return label
  const scope = row.scope === 'local' ? [] : [row.scope === 'fleet' ? 'fleet' : 'by hand']
  return [`${label} ${duration(now - row.since)}`, ...scope, ...nextText(row, now)].join(' · ')
}

/** What comes, and when: an open breaker looks again, a forced one is set free. */
export function nextText({ state, retryAt }: Row, now: number): string[] {
  if (retryAt === null || retryAt <= now) return []
  return state === 'open' ? [`again in ${duration(retryAt - now)}`] : [`${duration(retryAt - now)} left`]
}
