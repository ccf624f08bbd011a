import { type CircuitBreaker, createCircuitBreaker } from '@sluice/circuit-breaker'
import { createFleet } from '@sluice/circuit-breaker/redis'
import { Redis } from 'ioredis'

export interface AuthBreaker {
  readonly breaker: CircuitBreaker
  /** Until what the fleet knows is in force. */
  ready(): Promise<void>
  close(): void
}

const options = { name: 'auth', consecutiveFailures: 3, open: { durationMs: 5000 } }

/**
 * The breaker around calls of auth: three failures in a row open it. With a Redis it shares its verdict with all who
 * watch `auth` there, other instances of this service and gateways alike.
 */
export function createAuthBreaker(redisUrl: string | undefined): AuthBreaker {
  if (redisUrl === undefined) {
    return { breaker: createCircuitBreaker(options), ready: async () => {}, close: () => {} }
  }
  const redis = new Redis(redisUrl, { enableOfflineQueue: false, commandTimeout: 1000 })
  // It connects again by itself; an error that nobody hears would be printed.
  redis.on('error', () => {})
  const fleet = createFleet({ redis, minVotes: 1 })
  return {
    breaker: createCircuitBreaker(options, { coordinator: fleet }),
    ready: () => fleet.ready(),
    close: () => {
      fleet.close()
      redis.disconnect()
    },
  }
}
