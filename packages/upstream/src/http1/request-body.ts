import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { errors, FormData, Response } from 'undici'

/** A body in one of the two forms that can be written, with what its former form said of it. */
export interface RequestContent {
  readonly body: Buffer | Readable | undefined
  /** Bytes, where that is known before it is read. */
  readonly length: number | undefined
  readonly type?: string | undefined
}

const EMPTY: RequestContent = { body: undefined, length: 0 }

/**
 * Whatever undici's `fetch` and `request` take for a body: bytes, a string, a stream, an (async) iterable, a `Blob`, a
 * `FormData`.
 *
 * @throws InvalidArgumentError for anything else
 */
export function toContent(body: unknown): RequestContent {
  if (body === null || body === undefined) return EMPTY
  if (Buffer.isBuffer(body)) return ofBytes(body)
  if (body instanceof Readable) return { body, length: undefined }
  if (typeof body === 'string') return ofBytes(Buffer.from(body))
  if (ArrayBuffer.isView(body)) return ofBytes(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  if (body instanceof ArrayBuffer) return ofBytes(Buffer.from(body))
  if (body instanceof Blob) {
    return { body: Readable.from(body.stream()), length: body.size, type: body.type || undefined }
  }
  if (body instanceof FormData || body instanceof globalThis.FormData) return ofForm(body)
  if (isIterable(body)) return { body: Readable.from(body), length: undefined }
  throw new errors.InvalidArgumentError(
    'body must be a string, bytes, a stream, an iterable, a Blob or a FormData',
  )
}

function ofBytes(body: Buffer): RequestContent {
  return body.length === 0 ? EMPTY : { body, length: body.length }
}

/** How a form is written is for the Fetch standard to say. */
function ofForm(form: FormData | globalThis.FormData): RequestContent {
  const { body, headers } = new Response(form as FormData)
  const type = headers.get('content-type') ?? undefined
  return { body: Readable.from(body as ReadableStream), length: undefined, type }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}
