import { stronglyEqual } from './entity-tag.ts'
import { parseHttpDate } from './http-date.ts'
import type { CacheRequest, StoredResponse } from './message.ts'

/** Bytes of a representation, both ends included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** How a Range request is answered from a whole stored response. */
export type RangeAnswer =
  /** The whole, 200. */
  | { readonly kind: 'whole' }
  /** 206: one range as it is, several as multipart/byteranges (`multipart.ts`). */
  | { readonly kind: 'partial'; readonly ranges: readonly [ByteRange, ...ByteRange[]] }
  /** 416 with `Content-Range: bytes * /size`. */
  | { readonly kind: 'unsatisfiable' }

/** More ranges than this, or overlapping ones, are a client's mistake or an attack: the whole is sent (RFC 9110 §14.2). */
const MAX_RANGES = 16
const RANGE_SPEC = /^[ \t]*(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))[ \t]*$/
const WHOLE: RangeAnswer = Object.freeze({ kind: 'whole' })

/** Applies the Range of a GET to a stored 200 of `size` bytes (RFC 9110 §14.2, §13.1.5). */
export function selectRange(request: CacheRequest, stored: StoredResponse, size: number): RangeAnswer {
  const range = request.headers.range
  if (typeof range !== 'string' || request.method !== 'GET' || stored.status !== 200) return WHOLE
  if (!ifRangeHolds(request, stored)) return WHOLE
  const specs = /^bytes=(.*)$/i.exec(range)?.[1]?.split(',')
  if (specs === undefined || specs.length > MAX_RANGES) return WHOLE
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    if (spec.trim() === '') continue
    const parsed = byteRange(spec, size)
    if (parsed === 'invalid') return WHOLE
    if (parsed !== 'unsatisfiable') ranges.push(parsed)
  }
  const [first, ...rest] = ranges
  if (first === undefined) return { kind: 'unsatisfiable' }
  return overlap(ranges) ? WHOLE : { kind: 'partial', ranges: [first, ...rest] }
}

export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`
}

function byteRange(spec: string, size: number): ByteRange | 'invalid' | 'unsatisfiable' {
  const match = RANGE_SPEC.exec(spec)
  if (match === null) return 'invalid'
  if (match[3] !== undefined) {
    const length = Math.min(Number(match[3]), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === undefined ? Number.MAX_SAFE_INTEGER : Number(match[2])
  if (end < start) return 'invalid'
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) }
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  return sorted.some((range, index) => index > 0 && range.start <= (sorted[index - 1]?.end ?? -1))
}

/** If-Range by strong comparison of tags, or an exact Last-Modified that is strong (RFC 9110 §13.1.5, §8.8.2.2). */
function ifRangeHolds(request: CacheRequest, { facts, headers }: StoredResponse): boolean {
  const condition = request.headers['if-range']
  if (condition === undefined) return true
  if (typeof condition !== 'string') return false
  if (condition.includes('"')) return facts.etag !== undefined && stronglyEqual(condition.trim(), facts.etag)
  if (facts.lastModified === undefined || typeof headers.date !== 'string') return false
  const modified = parseHttpDate(facts.lastModified, facts.receivedAtMs)
  const dated = parseHttpDate(headers.date, facts.receivedAtMs)
  if (modified === undefined || dated === undefined || dated - modified < 1000) return false
  return parseHttpDate(condition, facts.receivedAtMs) === modified
}
