import type { ApiKeys, KeyAttributes, KeyChanges } from '@sluice/api-key-auth'
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify'

interface KeyParams {
  id: string
}

type Attributes = KeyAttributes & { hash?: string; id?: string }

/**
 * API keys over HTTP, for operators:
 *
 * - `GET /admin/keys[?consumer=]`, `GET /admin/keys/:id` (scope `keys:read`)
 * - `POST /admin/keys` makes a key, or takes one over where there is a `hash`; `PATCH /admin/keys/:id`;
 *   `POST /admin/keys/:id/rotate` with `{ graceMs }`; `POST /admin/keys/:id/revoke`; `DELETE /admin/keys/:id` (scope `keys:write`)
 *
 * A key is in the answer that makes it, and nowhere else.
 *
 * @param guard the route options that let in operators with this scope alone
 */
export function addKeysApi(
  app: FastifyInstance,
  keys: ApiKeys,
  guard: (scope: string) => RouteShorthandOptions,
): void {
  app.get<{ Querystring: { consumer?: string } }>(
    '/admin/keys',
    { ...guard('keys:read'), schema: { querystring: listSchema } },
    async ({ query: { consumer } }) => ({
      keys: await keys.list(consumer === undefined ? {} : { consumer }),
    }),
  )
  app.get<{ Params: KeyParams }>('/admin/keys/:id', guard('keys:read'), ({ params }) => keys.show(params.id))

  app.post<{ Body: Attributes }>(
    '/admin/keys',
    { ...guard('keys:write'), schema: { body: createSchema } },
    async (request, reply) => {
      const { hash, ...attributes } = request.body
      void reply.code(201).header('cache-control', 'no-store')
      if (hash === undefined) return keys.create(attributes, actor(request))
      return { record: await keys.import({ ...attributes, hash }, actor(request)) }
    },
  )
  app.patch<{ Params: KeyParams; Body: KeyChanges }>(
    '/admin/keys/:id',
    { ...guard('keys:write'), schema: { body: changeSchema } },
    (request) => keys.update(request.params.id, request.body, actor(request)),
  )
  app.post<{ Params: KeyParams; Body: { graceMs?: number } | undefined }>(
    '/admin/keys/:id/rotate',
    { ...guard('keys:write'), schema: { body: rotateSchema } },
    (request, reply) => {
      void reply.header('cache-control', 'no-store')
      return keys.rotate(request.params.id, { graceMs: request.body?.graceMs ?? 0, ...actor(request) })
    },
  )
  app.post<{ Params: KeyParams }>('/admin/keys/:id/revoke', guard('keys:write'), (request) =>
    keys.revoke(request.params.id, actor(request)),
  )
  app.delete<{ Params: KeyParams }>('/admin/keys/:id', guard('keys:write'), async (request, reply) => {
    await keys.remove(request.params.id, actor(request))
    return reply.code(204).send()
  })
}

/** Who did it, by the key that they did it with. */
function actor(request: FastifyRequest): { actor?: string } {
  const id = (request as { apiKey?: { id: string } | null }).apiKey?.id
  return id === undefined ? {} : { actor: id }
}

// Only the shape is checked here: what the values must be like is known, and said, by `ApiKeys`.
const attributes = {
  name: {},
  scopes: {},
  notBefore: {},
  expiresAt: {},
  disabled: {},
  cidrs: {},
  rateLimit: {},
  metadata: {},
}
const listSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { consumer: { type: 'string' } },
}
const createSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['consumer'],
  properties: {
    consumer: { type: 'string' },
    hash: { type: 'string' },
    id: { type: 'string' },
    ...attributes,
  },
}
const changeSchema = { type: 'object', additionalProperties: false, minProperties: 1, properties: attributes }
const rotateSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { graceMs: { type: 'number', minimum: 0, maximum: 366 * 86_400_000 } },
}
