const ENTITY_TAG = /[ \t,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/y

/** An entity tag's opaque part: what weak comparison compares (RFC 9110 §8.8.3.2). */
export function opaqueTag(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}

export function isStrong(etag: string): boolean {
  return etag.startsWith('"')
}

export function weaklyEqual(a: string, b: string): boolean {
  return opaqueTag(a) === opaqueTag(b)
}

export function stronglyEqual(a: string, b: string): boolean {
  return isStrong(a) && a === b
}

/**
 * The members of an If-None-Match (RFC 9110 §13.1.2). A comma inside a tag parts nothing. What follows a malformed member
 * is not read: too few matches send a whole response, which is never wrong.
 */
export function parseEntityTags(field: string): string[] {
  const tags: string[] = []
  ENTITY_TAG.lastIndex = 0
  for (let match = ENTITY_TAG.exec(field); match !== null; match = ENTITY_TAG.exec(field)) {
    if (match[1] !== undefined) tags.push(match[1])
  }
  return tags
}
