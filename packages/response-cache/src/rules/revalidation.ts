import { isStrong, weaklyEqual } from './entity-tag.ts'
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
import { partitionFor, SHARED_PARTITION } from './partition.ts'
import { admit } from './storing.ts'
import { effectiveDirectives } from './targeted.ts'

/** The client's own conditions: leave them out of a request whose answer is to be stored or to freshen what is. */
export const CONDITIONAL_FIELDS: readonly string[] = Object.freeze([
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
])

/** The stored body depends on these: an update does not change them (RFC 9111 §3.2). */
const OF_THE_BODY = new Set(['content-encoding', 'content-range', 'content-length'])

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
 * What a 200 to HEAD leaves of a stored response to GET with `size` bytes of body (RFC 9111 §4.3.5): freshened where it
 * could be the same representation, undefined (drop it) where it cannot. An answer of another status says nothing: the stored one stays.
 */
export function updateByHead(
  request: CacheRequest,
  stored: StoredResponse,
  size: number,
  head: OriginResponse,
  policy: CachePolicy,
): StoredResponse | undefined {
  if (head.status !== 200 || stored.status !== 200) return stored
  const { headers } = head
  const same =
    agrees(headers, 'etag', stored.facts.etag) &&
    agrees(headers, 'last-modified', stored.facts.lastModified) &&
    agrees(headers, 'content-length', String(size))
  return same ? restored(request, stored, head, policy) : undefined
}

function restored(
  request: CacheRequest,
  stored: StoredResponse,
  update: OriginResponse,
  policy: CachePolicy,
): StoredResponse | undefined {
  const headers = mergeHeaders(stored.headers, update.headers)
  const effective = effectiveDirectives(headers, policy)
  const { partition } = stored.facts
  // What was for everyone and no longer says so must not stay where everyone finds it.
  if (partition === SHARED_PARTITION && partitionFor(request, effective.directives, policy) !== partition) {
    return undefined
  }
  const result = admit({ ...update, status: stored.status, headers }, effective, policy, partition)
  return result.storable ? result.response : undefined
}

/** A strong validator must be equal, a weak one match; a 304 without any answers the conditions that it was sent. */
function selects(headers: HeaderFields, facts: StoredFacts): boolean {
  const etag = fieldValue(headers, 'etag')
  if (etag === undefined)
    return facts.lastModified === undefined || agrees(headers, 'last-modified', facts.lastModified)
  if (facts.etag === undefined) return false
  return isStrong(etag) ? etag === facts.etag : weaklyEqual(etag, facts.etag)
}

/** Whether a field is missing or has this value. */
function agrees(headers: HeaderFields, name: string, value: string | undefined): boolean {
  const received = fieldValue(headers, name)
  return received === undefined || received === value
}

function mergeHeaders(stored: StoredHeaders, update: HeaderFields): HeaderFields {
  const merged: Record<string, HeaderFields[string]> = Object.assign(Object.create(null), stored)
  // The age counts from the validation (§4.2.3), not from the first response.
  delete merged.date
  for (const name of Object.keys(update)) {
    if (update[name] !== undefined && !OF_THE_BODY.has(name)) merged[name] = update[name]
  }
  return merged
}
