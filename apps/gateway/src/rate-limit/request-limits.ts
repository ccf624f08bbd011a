import rateLimit from '@fastify/rate-limit'
import type { ApiKey, KeyRateLimit } from '@sluice/api-key-auth'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limit, LimitSubject } from './limit.ts'
import type { WindowCounter } from './window-counter.ts'

/** What one limit said of one request. */
export interface Outcome {
  readonly limit: Policy
  readonly remaining: number
  readonly resetMs: number
  readonly exceeded: boolean
}

/** What is the same for all requests that a limit concerns. */
export type Policy = Pick<Limit, 'name' | 'max' | 'windowMs' | 'shadow'>

interface Check {
  /** Whether the limit concerns this request at all. */
  applies(request: FastifyRequest): boolean
  ask(request: FastifyRequest): Promise<Outcome>
  giveBack(request: FastifyRequest): void
}

/** All limits of a route, asked at once. */
export class RequestLimits {
  private readonly checks: readonly Check[]

  constructor(checks: readonly Check[]) {
    this.checks = checks
  }

  /**
   * Counts the request with each limit that concerns it. If one refuses it, the others get theirs back: who is stopped by
   * a tight limit does not use up a wide one.
   */
  async check(request: FastifyRequest): Promise<Outcome[]> {
    const checks = this.checks.filter((check) => check.applies(request))
    const outcomes = await askAll(checks, request)
    if (outcomes.some(({ exceeded, limit }) => exceeded && !limit.shadow)) {
      for (const [index, outcome] of outcomes.entries())
        if (!outcome.exceeded) checks[index]?.giveBack(request)
    }
    return outcomes
  }
}

/** At once; a limit that stands alone, as most do, needs no bookkeeping for it. */
async function askAll(checks: readonly Check[], request: FastifyRequest): Promise<Outcome[]> {
  const [only] = checks
  if (only !== undefined && checks.length === 1) return [await only.ask(request)]
  return Promise.all(checks.map((check) => check.ask(request)))
}

/** Asks `limit` through `@fastify/rate-limit`, whose store the counter is. What is in one `space` counts together. */
export function limitCheck(app: FastifyInstance, counter: WindowCounter, limit: Limit, space: string): Check {
  const { name, max, windowMs, by } = limit
  const subject = subjectOf[by]
  const counterKey = (request: FastifyRequest): string => `${space}:${name}:${subject(request)}`
  const engine = app.createRateLimit({ max, timeWindow: windowMs, keyGenerator: counterKey })
  return {
    applies: () => true,
    ask: (request) => engine(request).then((reply) => toOutcome(reply, limit)),
    giveBack: (request) => void counter.giveBack(counterKey(request), windowMs),
  }
}

/** The limit that stands in the record of the request's key. */
export function keyCheck(app: FastifyInstance, counter: WindowCounter): Check {
  const counterKey = (request: FastifyRequest): string => subjectOf.client(request)
  const limitOf = (request: FastifyRequest): KeyRateLimit =>
    keyOf(request)?.rateLimit ?? { max: 0, windowMs: 1 }
  const engine = app.createRateLimit({
    max: (request) => limitOf(request).max,
    timeWindow: (request) => limitOf(request).windowMs,
    keyGenerator: counterKey,
  })
  return {
    applies: hasOwnLimit,
    ask: async (request) =>
      toOutcome(await engine(request), { name: 'key', shadow: false, ...limitOf(request) }),
    giveBack: (request) => void counter.giveBack(counterKey(request), limitOf(request).windowMs),
  }
}

/** `check`, but only for keys without a limit of their own. */
export function unlessOwnLimit(check: Check): Check {
  return { ...check, applies: (request) => !hasOwnLimit(request) && check.applies(request) }
}

function hasOwnLimit(request: FastifyRequest): boolean {
  return keyOf(request)?.rateLimit !== undefined
}

type EngineReply = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>

function toOutcome(reply: EngineReply, limit: Policy): Outcome {
  if (reply.isAllowed) return { limit, remaining: limit.max, resetMs: limit.windowMs, exceeded: false }
  return { limit, remaining: reply.remaining, resetMs: reply.ttl, exceeded: reply.isExceeded }
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
  return `address:${rateLimit.normalizeIP(request.ip)}`
}
