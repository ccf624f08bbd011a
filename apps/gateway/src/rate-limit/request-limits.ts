import { normalizeIP } from '@fastify/rate-limit'
import type { ApiKey } from '@sluice/api-key-auth'
import type { FastifyRequest } from 'fastify'
import type { Limit, LimitSubject } from './limit.ts'
import { keyPolicy, toPolicy, type Policy } from './policy.ts'
import type { MaybePromise, WindowCounter, WindowReading } from './window-counter.ts'

/** What one limit said of one request. */
export interface Outcome {
  readonly limit: Policy
  /** What the request was counted under. */
  readonly key: string
  readonly remaining: number
  readonly resetMs: number
  readonly exceeded: boolean
}

/** What counts requests together, and where. */
interface Check {
  /** The limit, or undefined where it does not concern this request. */
  limitFor(request: FastifyRequest): Policy | undefined
  counterKey(request: FastifyRequest): string
}

/** All limits of a route, asked at once. */
export class RequestLimits {
  private readonly counter: WindowCounter
  private readonly checks: readonly Check[]

  constructor(counter: WindowCounter, checks: readonly Check[]) {
    this.counter = counter
    this.checks = checks
  }

  /**
   * Counts the request with each limit that concerns it. If one refuses it, the others get theirs back: who is stopped by
   * a tight limit does not use up a wide one.
   *
   * What is counted in memory is answered at once. A promise for it would cost a request more than the counting.
   */
  check(request: FastifyRequest): MaybePromise<readonly Outcome[]> {
    const asked: MaybePromise<Outcome>[] = []
    let waits = false
    for (const check of this.checks) {
      const limit = check.limitFor(request)
      if (limit === undefined) continue
      const outcome = this.ask(limit, check.counterKey(request))
      waits ||= outcome instanceof Promise
      asked.push(outcome)
    }
    return waits
      ? Promise.all(asked.map(async (outcome) => outcome)).then((outcomes) => this.settle(outcomes))
      : this.settle(asked as Outcome[])
  }

  private ask(limit: Policy, key: string): MaybePromise<Outcome> {
    const reading = this.counter.take(key, limit.max, limit.windowMs)
    return reading instanceof Promise
      ? reading.then((later) => toOutcome(limit, key, later))
      : toOutcome(limit, key, reading)
  }

  private settle(outcomes: readonly Outcome[]): readonly Outcome[] {
    if (!outcomes.some(isStopped)) return outcomes
    for (const { limit, key, exceeded } of outcomes) {
      if (!exceeded) void this.counter.giveBack(key, limit.windowMs)
    }
    return outcomes
  }
}

/** Whether the request may not go on. */
export function isStopped({ exceeded, limit }: Outcome): boolean {
  return exceeded && !limit.shadow
}

function toOutcome(limit: Policy, key: string, { allowed, remaining, resetMs }: WindowReading): Outcome {
  return { limit, key, remaining, resetMs, exceeded: !allowed }
}

/** One limit for everybody. What is in one `space` counts together. */
export function limitCheck(limit: Limit, space: string): Check {
  const { by, name } = limit
  const policy = toPolicy(limit)
  const counterKey: Check['counterKey'] = (request) => `${space}:${name}:${subjectOf[by](request)}`
  const goesByKey = by === 'client' || by === 'consumer'
  return { limitFor: () => policy, counterKey: goesByKey ? oncePerKey(counterKey) : counterKey }
}

/** A counter's key has to be hashed before it is found: of one that was just put together, with each request anew. */
function oncePerKey(counterKey: Check['counterKey']): Check['counterKey'] {
  const known = new WeakMap<ApiKey, string>()
  return (request) => {
    const key = keyOf(request)
    if (key === undefined) return counterKey(request)
    let text = known.get(key)
    if (text === undefined) known.set(key, (text = counterKey(request)))
    return text
  }
}

/** The limit that stands in the record of the request's key. */
export const keyCheck: Check = {
  limitFor: (request) => {
    const own = keyOf(request)?.rateLimit
    return own && keyPolicy(own)
  },
  counterKey: oncePerKey((request) => subjectOf.client(request)),
}

/** `check`, but only for keys without a limit of their own. */
export function unlessOwnLimit(check: Check): Check {
  return {
    ...check,
    limitFor: (request) => (keyOf(request)?.rateLimit === undefined ? check.limitFor(request) : undefined),
  }
}

/** The request's key. Undefined where `@sluice/api-key-auth` is not registered. */
function keyOf(request: FastifyRequest): ApiKey | undefined {
  return (request as { apiKey?: ApiKey | null }).apiKey ?? undefined
}

const subjectOf: Readonly<Record<LimitSubject, (request: FastifyRequest) => string>> = {
  all: () => 'all',
  address: (request) => addressOf(request),
  client: (request) => {
    const key = keyOf(request)
    return key === undefined ? addressOf(request) : `key:${key.id}`
  },
  consumer: (request) => {
    const key = keyOf(request)
    return key === undefined ? addressOf(request) : `consumer:${key.consumer}`
  },
}

/** A client owns the /64 that it is in, so IPv6 addresses count by their first half. */
function addressOf(request: FastifyRequest): string {
  return `address:${normalizeIP(request.ip)}`
}
