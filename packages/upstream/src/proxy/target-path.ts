import { UnsafePathError } from './errors.ts'

/**
 * What two servers may read as two different paths: dot segments in every spelling (with a path parameter behind them
 * too: `..;`), a backslash, a fragment, a NUL.
 */
const UNSAFE = /[\\#]|%(?:00|5c)|(?:^|\/|%2f)(?:\.|%2e){1,2}(?:[/;]|%2f|%3b|$)/i

/**
 * The request target for the upstream: `@fastify/http-proxy`'s rewritten path with the query as the client sent it, or
 * `search` (`'?a=1'`, `''`) in its place.
 */
export function targetPath(destination: string, url: string, search: string = searchOf(url)): string {
  if (UNSAFE.test(destination) || url.includes('#')) throw new UnsafePathError()
  const path = destination.charCodeAt(0) === 47 ? destination : `/${destination}`
  return path + search
}

/** The query of a URL, with its question mark. */
export function searchOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? '' : url.slice(query)
}
