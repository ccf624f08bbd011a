import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache } from '../cache.ts'
import type { CacheEntry } from '../entry.ts'
import { serializeCacheStatus, type CacheStatus } from '../rules/cache-status.ts'
import type { CacheRequest, StoredResponse } from '../rules/message.ts'
import { multipartByteranges } from '../rules/multipart.ts'
import { isNotModified, NOT_MODIFIED_FIELDS } from '../rules/preconditions.ts'
import { contentRange, selectRange, type RangeAnswer } from '../rules/range.ts'
import { setExchange } from './exchange.ts'

export type XCache = 'HIT' | 'MISS' | 'STALE' | 'REVALIDATED' | 'BYPASS'
export type Source = 'memory' | 'redis'

const NOT_CACHED = JSON.stringify({
  type: 'about:blank',
  title: 'Gateway Timeout',
  status: 504,
  detail: 'Nothing is stored that may answer this request, and it asks for nothing else (only-if-cached)',
  code: 'SLUICE_RESPONSE_NOT_CACHED',
})

/** How an answer came about, for its header fields. */
export interface Told {
  readonly status: CacheStatus
  readonly xCache: XCache
  readonly source?: Source
}

/** Sends a stored answer from the look-up hook. */
export function sendStored(
  cache: Cache,
  request: FastifyRequest,
  reply: FastifyReply,
  entry: CacheEntry,
  asked: CacheRequest,
  told: Told,
): void {
  if (entry.response.headers['content-type'] === undefined) setExchange(request, { kind: 'untyped' })
  // Fastify would write null as JSON.
  reply.send(writeStored(cache, reply, entry, asked, told) ?? undefined)
}

/**
 * Writes the head of a stored answer to the reply, and returns the body that belongs to it: whole, or what the client's
 * conditions and ranges make of it.
 */
export function writeStored(
  cache: Cache,
  reply: FastifyReply,
  entry: CacheEntry,
  asked: CacheRequest,
  told: Told,
): Buffer | null {
  const { response } = entry
  const seconds = Math.floor((cache.now() - response.facts.bornAtMs) / 1000)
  tell(cache, reply, told)
  reply.header('age', seconds > 0 ? String(seconds) : '0')
  const { headers } = asked
  if (headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined) {
    if (isNotModified(asked, response)) return writeNotModified(reply, response)
  }
  writeHeaders(reply, response)
  if (headers.range !== undefined)
    return writeRanges(reply, entry, selectRange(asked, response, entry.body.length))
  return entry.body
}

/** The fields that describe an answer whose place a stored one takes. */
const OF_THE_ANSWER = [
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'etag',
  'last-modified',
  'cache-control',
  'expires',
  'retry-after',
  'location',
]

/** Puts a stored answer in the place of the one that came; returns the body. */
export function replaceByStored(
  cache: Cache,
  reply: FastifyReply,
  entry: CacheEntry,
  asked: CacheRequest,
  told: Told,
): Buffer | null {
  for (const name of OF_THE_ANSWER) reply.removeHeader(name)
  // The phrase of the status that came; HTTP/2 has none.
  if (reply.request.raw.httpVersionMajor < 2) reply.raw.statusMessage = ''
  return writeStored(cache, reply, entry, asked, told)
}

function writeHeaders(reply: FastifyReply, { status, headers }: StoredResponse): void {
  reply.code(status)
  for (const name in headers) reply.header(name, headers[name])
}

/** 304, and the fields that go with it; what describes a body goes. */
export function writeNotModified(reply: FastifyReply, { headers }: StoredResponse): null {
  reply.code(304).removeHeader('content-length').removeHeader('content-type')
  for (const name of NOT_MODIFIED_FIELDS) if (headers[name] !== undefined) reply.header(name, headers[name])
  return null
}

function writeRanges(reply: FastifyReply, { body, response }: CacheEntry, answer: RangeAnswer): Buffer {
  if (answer.kind === 'whole') return body
  if (answer.kind === 'unsatisfiable') {
    reply.code(416).header('content-range', `bytes */${body.length}`)
    return Buffer.alloc(0)
  }
  reply.code(206)
  const [first, ...others] = answer.ranges
  if (others.length === 0) {
    reply.header('content-range', contentRange(first, body.length))
    return body.subarray(first.start, first.end + 1)
  }
  const boundary = randomBytes(24).toString('hex')
  const contentType = response.headers['content-type']
  reply.header('content-type', `multipart/byteranges; boundary=${boundary}`)
  return multipartByteranges(
    body,
    answer.ranges,
    contentType === undefined ? undefined : String(contentType),
    boundary,
  )
}

/** Nothing here may be served, and the client wants nothing else (RFC 9111 §5.2.1.7). */
export function sendGatewayTimeout(cache: Cache, reply: FastifyReply): void {
  tell(cache, reply, { status: { hit: false, detail: 'only-if-cached' }, xCache: 'MISS' })
  reply.code(504).type('application/problem+json').send(NOT_CACHED)
}

/** The header fields that say what the cache did. Caches nearer to the origin keep theirs in front (RFC 9211 §2). */
export function tell(cache: Cache, reply: FastifyReply, { status, xCache, source }: Told): void {
  const { name, xCache: wanted } = cache.options
  const own = serializeCacheStatus(name, status)
  const others = status.hit ? undefined : reply.getHeader('cache-status')
  reply.header('cache-status', others === undefined ? own : `${String(others)}, ${own}`)
  if (!wanted) return
  reply.header('x-cache', xCache)
  if (source !== undefined) reply.header('x-cache-source', source)
  else if (reply.hasHeader('x-cache-source')) reply.removeHeader('x-cache-source')
}
