import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { FastifyReply } from 'fastify'

/** What a handler sent, as something that can be kept: bytes, a stream of them, or neither. */
export type Body = Buffer | Readable | undefined

const EMPTY = Buffer.alloc(0)

/** Reads what Fastify hands to `onSend` hooks; a `Response` is taken apart as Fastify itself would, later. */
export function bodyOf(payload: unknown, reply: FastifyReply): Body {
  if (payload === undefined || payload === null) return EMPTY
  if (typeof payload === 'string') return Buffer.from(payload)
  if (Buffer.isBuffer(payload)) return payload
  if (payload instanceof Response) return bodyOf(unwrap(payload, reply), reply)
  if (payload instanceof Readable) return payload
  if (isWebStream(payload)) return Readable.fromWeb(payload)
  return undefined
}

function unwrap(response: Response, reply: FastifyReply): unknown {
  reply.code(response.status)
  for (const [name, value] of response.headers) reply.header(name, value)
  return response.body
}

function isWebStream(payload: unknown): payload is ReadableStream {
  return typeof (payload as { getReader?: unknown }).getReader === 'function'
}

/** Ends a body that nobody will read, so that its connection is free again. */
export function discard(payload: unknown): void {
  if (payload instanceof Readable) payload.on('error', () => {}).destroy()
  else if (payload instanceof Response) void payload.body?.cancel().catch(() => {})
  else if (isWebStream(payload ?? {})) void (payload as ReadableStream).cancel().catch(() => {})
}
