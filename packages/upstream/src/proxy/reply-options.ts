import { stringify, type ParsedUrlQueryInput } from 'node:querystring'
import type { FastifyRequest } from 'fastify'
import type { ReplyOptions } from './direct-handler.ts'
import { searchOf } from './target-path.ts'

/** The query for the upstream with its question mark, if `queryString` of the reply options says another than the client's. */
export function rewrittenSearch(
  queryString: ReplyOptions['queryString'],
  request: FastifyRequest,
): string | undefined {
  if (!queryString) return undefined
  const text =
    typeof queryString === 'function'
      ? queryString(searchOf(request.url), request.url, request)
      : stringify(queryString as ParsedUrlQueryInput)
  return text ? `?${text}` : ''
}
