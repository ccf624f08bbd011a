import createError from '@fastify/error'
import type { FastifyContextConfig, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { GatewayConfig } from './config/types.ts'

/** Who may use the operators' endpoints: holders of a key with the scope, this machine, or whoever reaches the port. */
export type OperatorAccess = 'keys' | 'loopback' | 'open'

/** What is configured, else the safest that can be satisfied. */
export function operatorAccess({ admin, auth }: GatewayConfig): OperatorAccess {
  return admin?.access ?? (auth === undefined ? 'loopback' : 'keys')
}

export interface RouteGuard {
  config: FastifyContextConfig
  onRequest: onRequestAsyncHookHandler[]
}

/** The options that let only operators onto a route. */
export function guardRoute(access: OperatorAccess, scope: string): RouteGuard {
  const config = { circuitBreaker: false, responseCache: false, rateLimits: false } as const
  if (access === 'keys') return { config: { ...config, apiKey: { scopes: [scope] } }, onRequest: [] }
  return { config: { ...config, apiKey: false }, onRequest: access === 'loopback' ? [refuseRemote] : [] }
}

const ForbiddenError = createError(
  'SLUICE_FORBIDDEN',
  'Only direct connections from this machine are let in; configure auth to reach this from elsewhere.',
  403,
)

/**
 * Lets in this machine alone. What a proxy on this machine forwards comes from elsewhere, and a `Host` that is no
 * loopback name may be a web page reaching in by a DNS name of its own.
 */
async function refuseRemote({ raw, headers }: FastifyRequest): Promise<void> {
  const isLocal = /^(?:127\.|::1$|::ffff:127\.)/.test(raw.socket.remoteAddress ?? '')
  const isForwarded = ['forwarded', 'via', 'x-forwarded-for'].some((name) => headers[name] !== undefined)
  const isLocalName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(headers.host ?? '')
  if (!isLocal || isForwarded || !isLocalName) throw new ForbiddenError()
}
