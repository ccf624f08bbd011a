import { finished, type Readable } from 'node:stream'

/** Called once: without an error when the body came to its end, with one when it broke off. */
export type BodyEnd = (error?: Error) => void

/**
 * Tells when a body ends or breaks, and returns what is to be sent in its place.
 *
 * A Node stream is observed and returned as it is: no listener for data, so backpressure stays between its source
 * and the client. A web stream can have one reader alone, so the sender gets another that pulls through this one.
 * Returns undefined for what is no stream.
 */
export function watchBody(payload: unknown, onEnd: BodyEnd): unknown {
  if (isNodeStream(payload)) {
    finished(payload, { writable: false }, (error) => onEnd(error ?? undefined))
    return payload
  }
  if (isWebStream(payload)) return watchWebStream(payload, onEnd)
  if (isResponse(payload) && payload.body !== null && !payload.bodyUsed) {
    return new Response(watchWebStream(payload.body, onEnd), payload)
  }
  return undefined
}

/** Throws away what nobody will send, so that the connection it came on is not held. */
export function discardBody(payload: unknown): void {
  if (isNodeStream(payload)) {
    payload.on('error', () => {})
    payload.destroy()
  } else if (isWebStream(payload)) {
    payload.cancel().catch(() => {})
  } else if (isResponse(payload)) {
    payload.body?.cancel().catch(() => {})
  }
}

function isNodeStream(payload: unknown): payload is Readable {
  return typeof (payload as Readable | null | undefined)?.pipe === 'function'
}

function isWebStream(payload: unknown): payload is ReadableStream<Uint8Array> {
  return typeof (payload as ReadableStream | null | undefined)?.getReader === 'function'
}

/** Not `instanceof`: undici's own `fetch` has a class of its own. */
export function isResponse(payload: unknown): payload is Response {
  if (typeof payload !== 'object' || Buffer.isBuffer(payload)) return false
  return Object.prototype.toString.call(payload) === '[object Response]'
}

function watchWebStream(source: ReadableStream<Uint8Array>, onEnd: BodyEnd): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          onEnd()
          controller.close()
        } catch (error) {
          onEnd(error as Error)
          controller.error(error)
        }
      },
      cancel(reason) {
        onEnd(reason instanceof Error ? reason : new Error('body cancelled'))
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
