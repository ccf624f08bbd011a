import { parseEntityTags, weaklyEqual } from './entity-tag.ts'
import { parseHttpDate } from './http-date.ts'
import { fieldValue } from './message.ts'
import type { CacheRequest, StoredResponse } from './message.ts'

/**
 * Whether the client already has this response and 304 answers it (RFC 9111 §4.3.2; precedence: RFC 9110 §13.2.2).
 * If-None-Match goes before If-Modified-Since, even where it is malformed.
 */
export function isNotModified(request: CacheRequest, stored: StoredResponse): boolean {
  if (stored.status !== 200) return false
  const ifNoneMatch = fieldValue(request.headers, 'if-none-match')
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, stored.facts.etag)
  const ifModifiedSince = request.headers['if-modified-since']
  if (typeof ifModifiedSince !== 'string') return false
  const since = parseHttpDate(ifModifiedSince, stored.facts.receivedAtMs)
  return since !== undefined && modifiedMs(stored) <= since
}

/** If-Match and If-Unmodified-Since are the origin's to judge (RFC 9111 §4.3.2): such a request passes the cache by. */
export function hasOriginPrecondition(request: CacheRequest): boolean {
  return request.headers['if-match'] !== undefined || request.headers['if-unmodified-since'] !== undefined
}

/** The fields of the stored response that a 304 carries (RFC 9110 §15.4.5). */
export const NOT_MODIFIED_FIELDS: readonly string[] = Object.freeze([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'vary',
  'last-modified',
])

function matches(ifNoneMatch: string, etag: string | undefined): boolean {
  if (ifNoneMatch.trim() === '*') return true
  return etag !== undefined && parseEntityTags(ifNoneMatch).some((tag) => weaklyEqual(tag, etag))
}

/** When the response was modified, as far as a cache can tell: Last-Modified, else Date, else when it arrived. */
function modifiedMs({ facts, headers }: StoredResponse): number {
  const lastModified =
    facts.lastModified === undefined ? undefined : parseHttpDate(facts.lastModified, facts.receivedAtMs)
  if (lastModified !== undefined) return lastModified
  return typeof headers.date === 'string'
    ? (parseHttpDate(headers.date, facts.receivedAtMs) ?? facts.receivedAtMs)
    : facts.receivedAtMs
}
