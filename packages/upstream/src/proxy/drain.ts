import type { Readable } from 'node:stream'

const DRAIN_BYTES = 1024 * 1024
const DRAIN_MS = 5000

/**
 * Reads and discards the rest of an upload that nobody wants any more, so that the client gets to read the answer and
 * its connection stays usable. Beyond 1 MiB or 5 s the connection is closed instead.
 */
export function drain(source: Readable): void {
  if (source.destroyed || source.readableEnded) return
  let left = DRAIN_BYTES
  const timer = setTimeout(() => source.destroy(), DRAIN_MS)
  const stop = (): void => clearTimeout(timer)
  source.on('error', stop).on('close', stop).on('end', stop)
  source.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) source.destroy()
  })
  source.resume()
}
