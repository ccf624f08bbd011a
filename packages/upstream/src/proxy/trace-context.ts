import { randomFillSync } from 'node:crypto'

const VALID = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
const TRACE_BYTES = 16
const SPAN_BYTES = 8

/** Whether a `traceparent` may be passed on (W3C Trace Context §3.2.2). Version 00 has exactly four fields. */
export function isTraceparent(value: string | string[] | undefined): value is string {
  return typeof value === 'string' && VALID.test(value) && (value.length === 55 || !value.startsWith('00'))
}

// One call of the system's generator serves many requests.
const pool = Buffer.alloc(170 * (TRACE_BYTES + SPAN_BYTES))
let offset = pool.length

/** A new root: random trace and parent ids, sampled. */
export function newTraceparent(): string {
  if (offset === pool.length) {
    randomFillSync(pool)
    offset = 0
  }
  const trace = pool.toString('hex', offset, offset + TRACE_BYTES)
  const span = pool.toString('hex', offset + TRACE_BYTES, offset + TRACE_BYTES + SPAN_BYTES)
  offset += TRACE_BYTES + SPAN_BYTES
  return `00-${trace}-${span}-01`
}
