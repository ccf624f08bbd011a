import { FOREVER_SECONDS } from './cache-control.ts'
import { parseHttpDate } from './http-date.ts'
import type { OriginResponse } from './message.ts'

/**
 * The corrected initial age (RFC 9111 §4.2.3), ms: the larger of what its Date implies and what its Age says plus the
 * time it was under way.
 */
export function correctedInitialAgeMs(response: OriginResponse): number {
  const apparentAgeMs = Math.max(0, response.receivedAtMs - dateMs(response))
  const responseDelayMs = Math.max(0, response.receivedAtMs - response.requestedAtMs)
  return Math.max(apparentAgeMs, ageValueMs(response) + responseDelayMs)
}

/** The Date of a response; where it is missing or no date, when it arrived (RFC 9110 §6.6.1). */
export function dateMs(response: OriginResponse): number {
  const date = response.headers.date
  const parsed = typeof date === 'string' ? parseHttpDate(date, response.receivedAtMs) : undefined
  return parsed ?? response.receivedAtMs
}

/** Age as received: of several members the first counts, and what is no number of seconds is passed over (§5.1). */
function ageValueMs(response: OriginResponse): number {
  const age = response.headers.age
  if (age === undefined) return 0
  const first = String(Array.isArray(age) ? age[0] : age).split(',', 1)[0] ?? ''
  const digits = /^[ \t]*(\d+)[ \t]*$/.exec(first)?.[1]
  return digits === undefined ? 0 : Math.min(Number(digits), FOREVER_SECONDS) * 1000
}
