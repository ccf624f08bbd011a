import type { IncomingHttpHeaders } from 'node:http'
import { errors } from 'undici'
import { CLOSE, NOT_IN_VALUE, parseFields } from './fields.ts'

/** Status line and fields of a response. */
export interface ResponseHead {
  readonly status: number
  readonly message: string
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minorVersion: 0 | 1
  readonly headers: IncomingHttpHeaders
}

/** How the end of a body is found: by its length in bytes, by its last chunk, or by the end of the connection. */
export type BodyFraming = number | 'chunked' | 'until-close'

const KEEP_ALIVE = /(?:^|,)\s*keep-alive\s*(?:,|$)/i

const PROTOCOL = 'HTTP/1.'
const VERSION_AT = 7
const STATUS_AT = 9
const STATUS_END = 12
const BLANK = 32
const ZERO = 48

/**
 * Parses what comes before the empty line (RFC 9112 §4, §5).
 *
 * @throws HTTPParserError
 */
export function parseResponseHead(text: string): ResponseHead {
  const lineEnd = text.indexOf('\r\n')
  const end = lineEnd === -1 ? text.length : lineEnd
  const minorVersion = text.charCodeAt(VERSION_AT) - ZERO
  const status = statusOf(text)
  const message = text.slice(STATUS_END + 1, end)
  const isSound =
    text.startsWith(PROTOCOL) &&
    (minorVersion === 0 || minorVersion === 1) &&
    text.charCodeAt(VERSION_AT + 1) === BLANK &&
    status >= 100 &&
    (end === STATUS_END || (end > STATUS_END && text.charCodeAt(STATUS_END) === BLANK)) &&
    !NOT_IN_VALUE.test(message)
  if (!isSound) throw new errors.HTTPParserError('invalid status line')
  return { status, message, minorVersion, headers: parseFields(text, end + 2, text.length) }
}

/** Of three digits; NaN for anything else. */
function statusOf(text: string): number {
  return digitAt(text, STATUS_AT) * 100 + digitAt(text, STATUS_AT + 1) * 10 + digitAt(text, STATUS_AT + 2)
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}

/**
 * RFC 9112 §6.3, in its strict reading: whatever two recipients could measure differently is refused, lest the next
 * answer on the connection begins where nobody sent it.
 *
 * @throws HTTPParserError for two lengths, a length beside a transfer coding, or a coding other than `chunked`
 */
export function bodyFraming({ status, minorVersion, headers }: ResponseHead, method: string): BodyFraming {
  const length = headers['content-length'] as string | string[] | undefined
  const coding = headers['transfer-encoding'] as string | string[] | undefined
  if (coding !== undefined) {
    if (length !== undefined) throw new errors.HTTPParserError('a length beside a transfer coding')
    if (minorVersion === 0 || String(coding).toLowerCase() !== 'chunked') {
      throw new errors.HTTPParserError('unknown transfer coding')
    }
  }
  if (length !== undefined && !isLength(length)) throw new errors.HTTPParserError('invalid Content-Length')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'until-close' : Number(length)
}

function isLength(value: string | string[]): value is string {
  return typeof value === 'string' && /^\d{1,15}$/.test(value)
}

/** How long the connection may be kept after this response, ms; 0: not at all (RFC 9112 §9.3). */
export function keepAliveMs({ minorVersion, headers }: ResponseHead, defaultMs: number): number {
  const connection = headers.connection as string | string[] | undefined
  if (connection === undefined) {
    if (minorVersion === 0) return 0
  } else {
    const options = String(connection)
    if (CLOSE.test(options) || (minorVersion === 0 && !KEEP_ALIVE.test(options))) return 0
  }
  const hint = headers['keep-alive']
  const seconds = hint === undefined ? undefined : /(?:^|[\s,;])timeout=(\d{1,7})/i.exec(String(hint))?.[1]
  return seconds === undefined ? defaultMs : Math.max(0, Number(seconds) * 1_000 - KEEP_ALIVE_MARGIN_MS)
}

/** An origin that closes after so many seconds closes while our next request is on its way, if we wait as long. */
const KEEP_ALIVE_MARGIN_MS = 1_000
