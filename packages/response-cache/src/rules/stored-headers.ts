import { formatHttpDate } from './http-date.ts'
import { emptyHeaders, type HeaderFields, type OriginResponse, type StoredHeaders } from './message.ts'
import type { ResponseDirectives } from './response-directives.ts'

/** Fields of one connection (RFC 9110 §7.6.1) and of one proxy hop (RFC 9111 §3.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]

/**
 * Fields of one exchange or one client, wrong for the next: what identifies or traces the request, counts against its
 * limits or measures its handling. `age` and `x-cache` the cache writes itself.
 */
const PER_EXCHANGE = [
  'age',
  'x-cache',
  'x-cache-source',
  'authentication-info',
  'x-csrf-token',
  'x-xsrf-token',
  'request-id',
  'x-request-id',
  'x-correlation-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-trace-id',
  'traceparent',
  'tracestate',
  'traceresponse',
  'baggage',
  'b3',
  'ratelimit',
  'server-timing',
  'x-response-time',
  'x-runtime',
]
const PER_EXCHANGE_PREFIX = /^(?:(?:x-)?ratelimit-|x-(?:b3|consumer|credential)-)/

const DROPPED: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...PER_EXCHANGE])
const NONE: ReadonlySet<string> = new Set()

/**
 * The fields of a response that are kept (RFC 9111 §3.1): none of one hop, of one exchange, or named by a qualified
 * `private` or `no-cache`. `Set-Cookie` comes this far only where the route stores it. A response without a Date gets
 * that of its arrival (RFC 9110 §6.6.1).
 */
export function storedHeaders(response: OriginResponse, directives: ResponseDirectives): StoredHeaders {
  const { headers } = response
  const ofConnection = connectionOptions(headers)
  const kept = emptyHeaders<string | readonly string[]>()
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || isDropped(name) || ofConnection.has(name) || namesField(directives, name))
      continue
    kept[name] = typeof value === 'number' ? String(value) : value
  }
  kept.date ??= formatHttpDate(response.receivedAtMs)
  return kept
}

/** Whether the response forbids keeping or replaying this field (RFC 9111 §5.2.2.4, §5.2.2.7). */
export function namesField(directives: ResponseDirectives, name: string): boolean {
  return lists(directives.private, name) || lists(directives.noCache, name)
}

function lists(qualified: ResponseDirectives['private'], name: string): boolean {
  return typeof qualified === 'object' && qualified.includes(name)
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || PER_EXCHANGE_PREFIX.test(name)
}

function connectionOptions(headers: HeaderFields): ReadonlySet<string> {
  const { connection } = headers
  if (connection === undefined) return NONE
  return new Set(
    String(connection)
      .toLowerCase()
      .split(',')
      .map((option) => option.trim()),
  )
}
