import type { FastifyInstance } from 'fastify'
import { createService, missing } from './service.ts'

const accounts = new Map([
  ['1', { userId: '1', roles: ['customer'], twoFactor: true }],
  ['2', { userId: '2', roles: ['customer', 'courier'], twoFactor: false }],
  ['3', { userId: '3', roles: ['restaurant-owner'], twoFactor: true }],
])

/** Accounts and roles: what the profile service asks for on each of its own requests. */
export function buildAuth(): FastifyInstance {
  const app = createService('auth')
  app.get<{ Params: { userId: string } }>('/accounts/:userId', (request) => {
    const account = accounts.get(request.params.userId)
    if (account === undefined) throw missing('account', request.params.userId)
    return account
  })
  return app
}
