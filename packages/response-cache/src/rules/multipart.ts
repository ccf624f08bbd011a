import { contentRange } from './range.ts'
import type { ByteRange } from './range.ts'

/**
 * The body of a 206 with several ranges (RFC 9110 §14.6). `boundary` must not occur in `body`; the response's Content-Type is
 * `multipart/byteranges; boundary=<boundary>`.
 */
export function multipartByteranges(
  body: Buffer,
  ranges: readonly ByteRange[],
  contentType: string | undefined,
  boundary: string,
): Buffer {
  const parts: Buffer[] = []
  for (const range of ranges) {
    const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
    const head = `\r\n--${boundary}\r\n${type}Content-Range: ${contentRange(range, body.length)}\r\n\r\n`
    parts.push(Buffer.from(head, 'latin1'), body.subarray(range.start, range.end + 1))
  }
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'))
  return Buffer.concat(parts)
}
