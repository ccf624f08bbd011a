import type { FastifyInstance } from 'fastify'
import { guardRoute, type OperatorAccess } from './operator-access.ts'

interface PurgeBody {
  url?: string
  tag?: string
  prefix?: string
  all?: true
  soft?: boolean
}

const purgeSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: { type: 'string', minLength: 1 },
    tag: { type: 'string', minLength: 1 },
    prefix: { type: 'string', minLength: 1 },
    all: { const: true },
    soft: { type: 'boolean', default: false },
  },
  oneOf: [{ required: ['url'] }, { required: ['tag'] }, { required: ['prefix'] }, { required: ['all'] }],
}

/**
 * `POST /admin/cache/purge` with one of `url`, `tag`, `prefix`, `all: true`; `soft: true` leaves the answers as stale
 * ones. Needs the scope `cache:purge`. `cache` is the service's own decorator, which may sit on another listener.
 */
export function addPurgeApi(
  app: FastifyInstance,
  access: OperatorAccess,
  cache: FastifyInstance['responseCache'],
): void {
  app.post<{ Body: PurgeBody }>(
    '/admin/cache/purge',
    { ...guardRoute(access, 'cache:purge'), schema: { body: purgeSchema } },
    async (request) => {
      const { soft = false, ...target } = request.body
      const result = await cache.purge({ ...(target as { url: string }), soft })
      request.log.info({ target, soft, ...result }, 'cache purged')
      return result
    },
  )
}
