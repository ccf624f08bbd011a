import type { BreakerRegistry, CircuitBreaker } from '@sluice/circuit-breaker'
import type { FastifyInstance } from 'fastify'

/** Breakers as an operator may find them at three in the morning; calls are made up, states are real. */
const services = [
  { name: 'orders', group: 'shop', perSecond: 84, failing: 0.004, ms: 38 },
  { name: 'restaurants', group: 'shop', perSecond: 210, failing: 0.001, ms: 22 },
  { name: 'delivery', group: 'shop', perSecond: 46, failing: 0.09, ms: 140 },
  { name: 'payments', group: 'payment', perSecond: 31, failing: 1, ms: 900 },
  { name: 'fraud', group: 'payment', perSecond: 31, failing: 0.01, ms: 64 },
  { name: 'bank', group: 'payment', perSecond: 12, failing: 1, ms: 2400 },
  { name: 'recommendations', perSecond: 120, failing: 0.002, ms: 51 },
  { name: 'search', perSecond: 340, failing: 0.0005, ms: 18 },
  { name: 'pricing', perSecond: 150, failing: 0, ms: 12 },
  { name: 'chatbot', perSecond: 4, failing: 0.02, ms: 1800 },
  { name: 'forecasting', perSecond: 1, failing: 0, ms: 3100 },
  { name: 'profile', perSecond: 95, failing: 0.003, ms: 27 },
  { name: 'auth', perSecond: 260, failing: 0.0002, ms: 8 },
  { name: 'notifications', perSecond: 58, failing: 0.01, ms: 44 },
  { name: 'images', perSecond: 180, failing: 0, ms: 6 },
  { name: 'legacy-reports', perSecond: 0, failing: 0, ms: 0 },
] as const

export const busyOptions = { open: { durationMs: 45_000 }, minimumCalls: 10 } as const

export interface BusyFleet {
  /** One more second of calls. */
  second(): void
}

/** Fills a registry, and gives the app the counters of the other plugins. */
export function busyFleet(app: FastifyInstance, registry: BreakerRegistry): BusyFleet {
  const breakers = services.map((service) => ({
    service,
    breaker: registry.ensure(service.name, {
      ...('group' in service ? { group: service.group } : {}),
      ...busyOptions,
    }),
  }))
  registry.open('legacy-reports', {
    reason: 'retired; clients are moving to reports',
    actor: 'mara',
    forMs: 7_200_000,
  })
  registry.disable('images', { reason: 'CDN migration', actor: 'jo', forMs: 1_800_000 })
  let seconds = 0
  decorate(app, () => seconds)
  return {
    second(): void {
      seconds++
      for (const { breaker, service } of breakers) {
        const { perSecond, failing, ms } = service
        const calls = Math.round(perSecond * (0.8 + 0.4 * fraction(seconds, perSecond)))
        for (let call = 0; call < calls; call++) {
          const chance = fraction(call + seconds * 7919, perSecond)
          attempt(breaker, chance < failing, ms * (0.7 + 1.6 * chance ** 4))
        }
      }
    },
  }
}

function attempt(breaker: CircuitBreaker, fails: boolean, ms: number): void {
  const permit = breaker.acquire()
  if (!permit.admitted) return
  setTimeout(() => {
    if (fails) permit.failure({ kind: 'status', detail: 'HTTP 503' })
    else permit.success()
  }, ms).unref()
}

/** A repeatable number from 0 to 1. */
function fraction(a: number, b: number): number {
  const x = Math.sin(a * 12.9898 + b * 78.233) * 43_758.5453
  return x - Math.floor(x)
}

function decorate(app: any, seconds: () => number): void {
  app.decorate('responseCache', {
    stats: () => ({
      hits: 41_200 + seconds() * 190,
      misses: 5_900 + seconds() * 31,
      stale: 320,
      revalidated: 410,
      bypass: 2_210,
      coalesced: 1_874 + seconds() * 3,
      stores: 5_120,
      evictions: 12,
      errors: 0,
      memory: { bytes: 39_400_000, entries: 5_108, maxBytes: 67_108_864 },
      redis: { state: 'up', hits: 900, errors: 0 },
    }),
  })
  const upstream = (name: string, available: number, exhausted: number) => ({
    stats: () => ({
      name,
      requests: 18_400,
      attempts: 18_730,
      retries: 330,
      hedges: 0,
      retryBudget: { available, exhausted },
      origins: [],
      errors: {},
    }),
  })
  app.decorate(
    'upstreams',
    new Map([
      ['orders', upstream('orders', 212, 0)],
      ['payments', upstream('payments', 0.4, 118)],
    ]),
  )
  app.decorate('apiKeys', {
    stats: () => ({
      accepted: 91_000,
      refused: { missing: 14, malformed: 2, unknown: 31, revoked: 3, expired: 0, scope: 5, throttled: 0 },
      storeErrors: 0,
    }),
  })
  app.decorate('rateLimits', {
    stats: () => ({
      allowed: 90_100,
      limited: 640,
      exceeded: { default: 640 },
      degraded: false,
      storeErrors: 0,
    }),
  })
}
