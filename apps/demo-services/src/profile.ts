import { BreakerOpenError } from '@sluice/circuit-breaker'
import type { FastifyInstance } from 'fastify'
import { createAuthBreaker } from './auth-breaker.ts'
import { createService, missing } from './service.ts'

const profiles = new Map([
  ['1', { userId: '1', name: 'Amira Haddad', city: 'Lyon' }],
  ['2', { userId: '2', name: 'Jonas Weber', city: 'Graz' }],
  ['3', { userId: '3', name: 'Mei Tanaka', city: 'Sendai' }],
])

export interface ProfileOptions {
  /** Address of the auth service, such as `http://127.0.0.1:4005`. */
  authUrl: string
  /** Where the breaker around it meets those of others. Default: it is on its own. */
  redisUrl?: string | undefined
}

/**
 * Profiles: each answer needs the roles from the auth service. While the breaker around that call is open the
 * profile is served without them, and says so, instead of waiting for a service that is known to be down.
 */
export function buildProfile({ authUrl, redisUrl }: ProfileOptions): FastifyInstance {
  const app = createService('profile')
  const auth = createAuthBreaker(redisUrl)
  const { breaker } = auth
  app.addHook('onReady', () => auth.ready())
  app.addHook('onClose', async () => auth.close())
  const roles = breaker.wrap(async (userId: string, signal: AbortSignal): Promise<string[]> => {
    const response = await fetch(`${authUrl}/accounts/${encodeURIComponent(userId)}`, { signal })
    if (!response.ok) throw new Error(`auth answered ${response.status}`)
    const account = (await response.json()) as { roles: string[] }
    return account.roles
  })

  app.get<{ Params: { userId: string } }>('/:userId', async (request, reply) => {
    const profile = profiles.get(request.params.userId)
    if (profile === undefined) throw missing('profile', request.params.userId)
    try {
      return { ...profile, roles: await roles(profile.userId, AbortSignal.timeout(2000)) }
    } catch (error) {
      reply.header('cache-control', 'no-store')
      const reason = error instanceof BreakerOpenError ? 'auth breaker open' : 'auth failed'
      return { ...profile, roles: null, degraded: reason }
    }
  })
  app.get('/breaker', () => breaker.snapshot())
  return app
}
