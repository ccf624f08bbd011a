import type { FastifyReply } from 'fastify'
import type { Outcome } from './request-limits.ts'

/**
 * Tells the client where it stands: the fields of draft-ietf-httpapi-ratelimit-headers-10 for each limit, and the older
 * `X-RateLimit-*`, which know one limit only, for the tightest. In `RateLimit`, `r` is what is left, `t` the seconds
 * until there is more.
 */
export function setLimitHeaders(reply: FastifyReply, outcomes: readonly Outcome[], tightest: Outcome): void {
  let policies = ''
  let limits = ''
  for (const { limit, remaining, resetMs } of outcomes) {
    const separator = policies === '' ? '' : ', '
    policies += separator + limit.item
    limits += `${separator}"${limit.name}";r=${remaining};t=${seconds(resetMs)}`
  }
  reply.header('ratelimit-policy', policies)
  reply.header('ratelimit', limits)
  // Texts: what Node checks of a header, it checks more slowly of a number.
  reply.header('x-ratelimit-limit', tightest.limit.quota)
  reply.header('x-ratelimit-remaining', String(tightest.remaining))
  reply.header('x-ratelimit-reset', String(seconds(tightest.resetMs)))
}

/** The limit that stops the client for longest, else the one of which the smallest part is left. */
export function findTightest(outcomes: readonly Outcome[]): Outcome | undefined {
  let tightest: Outcome | undefined
  for (const outcome of outcomes)
    if (tightest === undefined || isTighter(outcome, tightest)) tightest = outcome
  return tightest
}

export function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function isTighter(one: Outcome, other: Outcome): boolean {
  if (one.exceeded !== other.exceeded) return one.exceeded
  if (one.exceeded) return one.resetMs > other.resetMs
  return one.remaining * other.limit.max < other.remaining * one.limit.max
}
