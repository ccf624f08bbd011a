import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
} from 'fastify'
import { UnguardedError } from '../errors.ts'
import { crossSiteGuard } from './cross-site.ts'
import { refuseRemote } from './loopback.ts'
import { refuseActing } from './read-only.ts'

export type Permission = 'read' | 'write'

/** Throws (or sends an answer) to refuse. `permission` is `write` for everything that acts on a breaker. */
export type AccessHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  permission: Permission,
) => void | Promise<void>

/**
 * Who may look and who may act.
 * - `{ scopes }`: API keys (by `@sluice/api-key-auth`) with all of these scopes; `{ read, write }` for one list each.
 * - a hook of yours.
 * - `'loopback'`: connections from this machine to a loopback name, none of them forwarded by a proxy.
 * - `'public'`: anyone may look and nobody may act.
 */
export type Access =
  | {
      readonly scopes:
        | readonly string[]
        | { readonly read: readonly string[]; readonly write: readonly string[] }
    }
  | AccessHook
  | 'loopback'
  | 'public'

/** What a route needs to be guarded. */
export interface RouteGuard {
  /** What the API-key plugin reads, if it is there, is typed by that plugin alone. */
  readonly config: FastifyContextConfig & { readonly apiKey?: unknown }
  readonly onRequest: onRequestAsyncHookHandler[]
}

export type Guards = Readonly<Record<Permission, RouteGuard>>

/** Stats must be exact, reach an operator in trouble, and never come from a cache. */
const unhindered = { circuitBreaker: false, responseCache: false, rateLimit: false } as const

/** For what carries no data: the page, its scripts, answers to wrong methods. */
export const unguarded: RouteGuard = {
  config: { ...unhindered, apiKey: false },
  onRequest: [],
}

/**
 * @param origins further origins whose pages may act
 * @throws SLUICE_STATS_UNGUARDED when access rests on API keys and that plugin is not registered
 */
export function createGuards(app: FastifyInstance, access: Access, origins: readonly string[]): Guards {
  const write = createGuard(app, access, 'write')
  return {
    read: createGuard(app, access, 'read'),
    write: { ...write, onRequest: [crossSiteGuard(origins), ...write.onRequest] },
  }
}

function createGuard(app: FastifyInstance, access: Access, permission: Permission): RouteGuard {
  if (access === 'loopback') return { ...unguarded, onRequest: [refuseRemote] }
  if (access === 'public') return { ...unguarded, onRequest: permission === 'write' ? [refuseActing] : [] }
  if (typeof access === 'function') {
    return {
      ...unguarded,
      onRequest: [async (request, reply) => access(request, reply, permission)],
    }
  }
  if (!app.hasDecorator('apiKeys')) throw new UnguardedError()
  const scopes = 'read' in access.scopes ? access.scopes[permission] : access.scopes
  return { config: { ...unhindered, apiKey: { scopes } }, onRequest: [] }
}
