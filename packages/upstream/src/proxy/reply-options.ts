import { stringify, type ParsedUrlQueryInput } from 'node:querystring'
import type { FastifyRequest } from 'fastify'
import { UpstreamOptionsError } from '../errors.ts'
import type { ReplyOptions } from './direct-handler.ts'
import { searchOf } from './target-path.ts'

/** What the direct path does in place of options of `@fastify/reply-from` that would do nothing here. */
const NOT_HEEDED: Readonly<Record<string, string>> = {
  body: 'none: the body is the client’s',
  contentType: 'none: the body is the client’s',
  getUpstream: 'none: the upstream chooses among its `origins`',
  method: 'none: the method is the client’s',
  retriesCount: 'none: `retry` of the upstream',
  retryDelay: 'none: `retry` of the upstream',
  timeout: 'none: `timeouts` of the upstream',
}

/** Throws {@link UpstreamOptionsError} for reply options that would be ignored. */
export function requireHeeded(replyOptions: object | undefined): void {
  const given = (replyOptions ?? {}) as Record<string, unknown>
  const problems = Object.entries(NOT_HEEDED).flatMap(([name, expected]) => {
    const received = given[name]
    return received === undefined ? [] : [{ path: `replyOptions.${name}`, received, expected }]
  })
  if (problems.length > 0) throw new UpstreamOptionsError(problems)
}

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
