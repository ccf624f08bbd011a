import { stringify } from 'node:querystring'
import type { Readable } from 'node:stream'
import { errors, type Dispatcher } from 'undici'
import { CLOSE, fieldName, NOT_IN_VALUE, TOKEN } from './fields.ts'
import { toContent, type RequestContent } from './request-body.ts'

/** A request that is ready to be written. */
export interface Http1Request {
  readonly method: string
  readonly head: string
  readonly body: Buffer | Readable | undefined
  /** Bytes of the body; undefined where it goes in chunks. */
  readonly length: number | undefined
  /** Whether the connection may serve another request afterwards. */
  readonly keepsConnection: boolean
  /** Whether the connection changes its protocol if the origin agrees: an upgrade, or a tunnel by CONNECT. */
  readonly switches: boolean
  /** How long the origin may do nothing, ms: neither take the body nor answer. 0: for ever. */
  readonly headersTimeoutMs: number
}

/** What the fields say that decides how the request is framed. */
interface Framing {
  host: string | undefined
  length: string | undefined
  type: boolean
  close: boolean
}

const NOT_IN_PATH = /[^\x21-\xff]/

/** Methods whose requests have a body by their meaning, so that its absence must be said (RFC 9110 §8.6). */
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/**
 * Writes the head of a request (RFC 9112 §3), checked: nothing in the options can become a second field or a second
 * request. `host` is for requests that name none.
 *
 * @throws InvalidArgumentError for what HTTP/1 cannot say, RequestContentLengthMismatchError for a `Content-Length`
 * that is not the body's, NotSupportedError for `Expect`
 */
export function toHttp1Request(options: Dispatcher.DispatchOptions, host: string): Http1Request {
  const { method, upgrade, reset, headersTimeout } = options
  if (!TOKEN.test(method)) throw new errors.InvalidArgumentError('invalid request method')
  const framing: Framing = { host: undefined, length: undefined, type: false, close: reset === true }
  const fields = fieldLines(options.headers, framing)
  const content = toContent(options.body)
  const length = contentLength(content, framing.length)
  const switches = Boolean(upgrade) || method === 'CONNECT'
  // Origins that send a body after the head of a HEAD's answer are not rare; it must not be taken for the next answer.
  const keepsConnection = !framing.close && !switches && method !== 'HEAD'

  let head = `${method} ${requestTarget(options)} HTTP/1.1\r\nhost: ${framing.host ?? host}\r\n${fields}`
  if (upgrade) head += `connection: upgrade\r\n${fieldLine('upgrade', String(upgrade))}`
  else
    head += keepsConnection || method === 'CONNECT' ? 'connection: keep-alive\r\n' : 'connection: close\r\n'
  if (content.body !== undefined) {
    if (content.type !== undefined && !framing.type) head += fieldLine('content-type', content.type)
    head += length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${length}\r\n`
  } else if (WITH_CONTENT.has(method)) {
    head += 'content-length: 0\r\n'
  }
  return {
    method,
    head: `${head}\r\n`,
    body: content.body,
    length,
    keepsConnection,
    switches,
    headersTimeoutMs: headersTimeout ?? 0,
  }
}

function requestTarget({ path, query, method }: Dispatcher.DispatchOptions): string {
  const isTarget = path.startsWith('/') || /^https?:\/\//.test(path) || method === 'CONNECT'
  if (!isTarget || NOT_IN_PATH.test(path)) throw new errors.InvalidArgumentError('invalid request path')
  const search = query === undefined || query === null ? '' : stringify(query)
  if (search === '') return path
  if (/[?#]/.test(path)) throw new errors.InvalidArgumentError('a query beside one in the path')
  return `${path}?${search}`
}

function contentLength(content: RequestContent, declared: string | undefined): number | undefined {
  if (declared === undefined) return content.length
  const length = Number(declared)
  if (content.length !== undefined && content.length !== length) {
    throw new errors.RequestContentLengthMismatchError()
  }
  return length
}

/** All field lines but those that framing and the connection decide. */
function fieldLines(headers: Dispatcher.DispatchOptions['headers'], framing: Framing): string {
  let lines = ''
  if (headers === null || headers === undefined) return lines
  if (Array.isArray(headers)) {
    if (headers.length % 2 !== 0) throw new errors.InvalidArgumentError('headers array must be even')
    for (let i = 0; i < headers.length; i += 2)
      lines += linesOf(headers[i] as string, headers[i + 1], framing)
  } else if (Symbol.iterator in headers) {
    for (const [name, value] of headers as Iterable<[string, unknown]>) lines += linesOf(name, value, framing)
  } else {
    for (const name in headers) lines += linesOf(name, (headers as Record<string, unknown>)[name], framing)
  }
  return lines
}

function linesOf(name: string, value: unknown, framing: Framing): string {
  if (value === undefined) return ''
  const lower = fieldName(name)
  if (lower === undefined) throw new errors.InvalidArgumentError('invalid header key')
  const special = SPECIAL.get(lower)
  if (special !== undefined) return special(name, valueOf(name, value), framing)
  if (!Array.isArray(value)) return fieldLine(name, value)
  let lines = ''
  for (const item of value) lines += fieldLine(name, item)
  return lines
}

function fieldLine(name: string, value: unknown): string {
  return `${name}: ${valueOf(name, value)}\r\n`
}

function valueOf(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : printed(name, value)
  if (NOT_IN_VALUE.test(text)) throw new errors.InvalidArgumentError(`invalid ${name} header`)
  return text
}

function printed(name: string, value: unknown): string {
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  throw new errors.InvalidArgumentError(`invalid ${name} header`)
}

type SpecialField = (name: string, value: string, framing: Framing) => string

/** Fields that are not just lines to copy. */
const SPECIAL: ReadonlyMap<string, SpecialField> = new Map<string, SpecialField>([
  [
    'host',
    (_name, value, framing) => {
      if (framing.host !== undefined) throw new errors.InvalidArgumentError('duplicate host header')
      framing.host = value
      return ''
    },
  ],
  [
    'content-length',
    (_name, value, framing) => {
      if (framing.length !== undefined)
        throw new errors.InvalidArgumentError('duplicate content-length header')
      if (!/^\d{1,15}$/.test(value)) throw new errors.InvalidArgumentError('invalid content-length header')
      framing.length = value
      return ''
    },
  ],
  [
    'content-type',
    (name, value, framing) => {
      framing.type = true
      return `${name}: ${value}\r\n`
    },
  ],
  [
    'connection',
    (_name, value, framing) => {
      if (CLOSE.test(value)) framing.close = true
      return ''
    },
  ],
  ['transfer-encoding', refuse],
  ['keep-alive', refuse],
  ['upgrade', refuse],
  [
    'expect',
    () => {
      throw new errors.NotSupportedError('expect header not supported')
    },
  ],
])

function refuse(name: string): never {
  throw new errors.InvalidArgumentError(`invalid ${name} header`)
}
