import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'

const DRAIN_BYTES = 1024 * 1024
const DRAIN_MS = 5000

/**
 * Reads and discards the rest of an upload that nobody wants any more, so that the client gets to read the answer and
 * its connection stays usable. Beyond 1 MiB or 5 s the connection (of HTTP/2: the stream) is closed instead.
 */
export function drain(source: Readable): void {
  if (source.destroyed || source.readableEnded) return
  let left = DRAIN_BYTES
  const timer = setTimeout(() => cut(source), DRAIN_MS).unref()
  const stop = (): void => clearTimeout(timer)
  source.on('error', stop).on('close', stop).on('end', stop)
  source.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) cut(source)
  })
  source.resume()
}

function cut(source: Readable & { stream?: ServerHttp2Stream }): void {
  if (source.stream === undefined) source.destroy()
  // RFC 9113 §8.1: the way to say that the answer is complete without the rest of the request.
  else source.stream.close(constants.NGHTTP2_NO_ERROR)
}
