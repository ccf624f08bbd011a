import { isStrong, stronglyEqual, weaklyEqual } from './entity-tag.ts'
import { fieldValue } from './message.ts'
import type {
  CachePolicy,
  CacheRequest,
  HeaderFields,
  OriginResponse,
  StoredFacts,
  StoredHeaders,
  StoredResponse,
} from './message.ts'
import { storability } from './storing.ts'

/** The client's own conditions: leave them out of a request whose answer is to be stored or to freshen what is. */
export const CONDITIONAL_FIELDS: readonly string[] = Object.freeze([
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
])

/** Describe the stored body: a 304 does not change them (RFC 9111 §3.2). */
const OF_THE_BODY = new Set(['content-encoding', 'content-type', 'content-range', 'content-length'])

/** The fields by which the origin is asked whether a stored response still holds (RFC 9111 §4.3.1). */
export function conditionalHeaders({ etag, lastModified }: StoredFacts): Readonly<Record<string, string>> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

/**
 * The stored response as a 304 leaves it (RFC 9111 §4.3.4): its fields replaced, its facts computed anew. Undefined where
 * the 304 is about another representation, or what it now says forbids storing: drop the stored one, ask again without
 * conditions.
 */
export function freshen(
  request: CacheRequest,
  stored: StoredResponse,
  notModified: OriginResponse,
  policy: CachePolicy,
): StoredResponse | undefined {
  if (!selects(notModified.headers, stored.facts)) return undefined
  return restored(request, stored, notModified, policy)
}

/**
 * What a 200 to HEAD leaves of a stored response to GET (RFC 9111 §4.3.5): freshened where it could be the same
 * representation, undefined (drop it) where it cannot. An answer of another status says nothing: the stored one stays.
 */
export function updateByHead(
  request: CacheRequest,
  stored: StoredResponse,
  head: OriginResponse,
  policy: CachePolicy,
): StoredResponse | undefined {
  if (head.status !== 200 || stored.status !== 200) return stored
  const { headers } = head
  const same = ['etag', 'last-modified', 'content-length'].every((name) => {
    const value = fieldValue(headers, name)
    return value === undefined || value === fieldValue(stored.headers, name)
  })
  return same ? restored(request, stored, head, policy) : undefined
}

function restored(
  request: CacheRequest,
  stored: StoredResponse,
  update: OriginResponse,
  policy: CachePolicy,
): StoredResponse | undefined {
  const result = storability(
    { ...request, method: 'GET' },
    { ...update, status: stored.status, headers: mergeHeaders(stored.headers, update.headers) },
    policy,
  )
  return result.storable ? result.response : undefined
}

/** RFC 9111 §4.3.4: a strong validator must be equal; a weak one or a date may confirm; no validator at all, too. */
function selects(headers: HeaderFields, facts: StoredFacts): boolean {
  const etag = fieldValue(headers, 'etag')
  if (etag !== undefined && facts.etag !== undefined) {
    return isStrong(etag) && isStrong(facts.etag)
      ? stronglyEqual(etag, facts.etag)
      : weaklyEqual(etag, facts.etag)
  }
  if (etag !== undefined) return false
  const lastModified = fieldValue(headers, 'last-modified')
  return lastModified === undefined || facts.lastModified === undefined || lastModified === facts.lastModified
}

function mergeHeaders(stored: StoredHeaders, update: HeaderFields): HeaderFields {
  const merged: Record<string, HeaderFields[string]> = Object.assign(Object.create(null), stored)
  // What the stored response said of its own arrival is not true of the new one.
  delete merged.date
  for (const name of Object.keys(update)) {
    if (update[name] !== undefined && !OF_THE_BODY.has(name)) merged[name] = update[name]
  }
  return merged
}
