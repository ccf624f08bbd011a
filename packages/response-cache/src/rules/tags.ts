import { fieldValue } from './message.ts'
import type { HeaderFields } from './message.ts'

export const MAX_TAGS = 128
export const MAX_TAG_LENGTH = 256

const SURROGATE_KEY = /[ \t,]+/
const CACHE_TAG = /,/
const PRINTABLE = /^[!-~](?:[ -~]*[!-~])?$/

/**
 * The tags by which a response can be purged: those of its route, of `Surrogate-Key` (parted by spaces) and of `Cache-Tag`
 * (by commas), each once. Undefined where one is no printable ASCII or too long, or they are too many: a response that a
 * purge of its tag would not find must not be stored.
 */
export function parseTags(
  headers: HeaderFields,
  routeTags: readonly string[],
): readonly string[] | undefined {
  const surrogateKey = fieldValue(headers, 'surrogate-key')
  const cacheTag = fieldValue(headers, 'cache-tag')
  if (routeTags.length === 0 && surrogateKey === undefined && cacheTag === undefined) return routeTags
  const tags = new Set(routeTags)
  collect(tags, surrogateKey, SURROGATE_KEY)
  collect(tags, cacheTag, CACHE_TAG)
  const list = [...tags]
  return list.length <= MAX_TAGS && list.every(isTag) ? list : undefined
}

/** 1 to 256 printable ASCII characters, no space at either end. */
export function isTag(text: string): boolean {
  return text.length <= MAX_TAG_LENGTH && PRINTABLE.test(text)
}

function collect(tags: Set<string>, field: string | undefined, separator: RegExp): void {
  for (const part of field?.split(separator) ?? []) {
    const tag = part.trim()
    if (tag !== '') tags.add(tag)
  }
}
