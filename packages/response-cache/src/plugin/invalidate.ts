import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache } from '../cache.ts'
import { normaliseUrl } from '../key/query.ts'
import { invalidatedUris } from '../rules/invalidation.ts'
import type { CachedRoute } from './route.ts'

/** After a successful unsafe request, what it may have changed is no longer served (RFC 9111 §4.4). */
export function invalidateTarget(
  cache: Cache,
  { rules }: CachedRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { method, headers, url = '/' } = request.raw
  const asked = { method: method ?? '', headers, consumer: undefined }
  const answer = { status: reply.statusCode, headers: reply.getHeaders() }
  const uris = invalidatedUris(asked, `${request.protocol}://${request.host}${url}`, answer)
  if (uris.length === 0) return
  const resources = new Set([url])
  for (const uri of uris) {
    const { pathname, search } = new URL(uri)
    resources.add(pathname + search)
  }
  for (const resource of resources) void cache.invalidate(normaliseUrl(resource, rules.query), 'hard')
}
