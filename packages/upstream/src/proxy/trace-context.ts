import { randomBytes } from 'node:crypto'

const VALID = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
const TRACE_LENGTH = 32
const IDS_LENGTH = TRACE_LENGTH + 16

/** Whether a `traceparent` may be passed on (W3C Trace Context §3.2.2). Version 00 has exactly four fields. */
export function isTraceparent(value: string | string[] | undefined): value is string {
  return typeof value === 'string' && VALID.test(value) && (value.length === 55 || !value.startsWith('00'))
}

// One call of the system's generator serves many requests.
let pool = ''
let offset = 0

/** A new root: random trace and parent ids, sampled. */
export function newTraceparent(): string {
  if (offset === pool.length) {
    pool = randomBytes((IDS_LENGTH / 2) * 170).toString('hex')
    offset = 0
  }
  const trace = pool.slice(offset, offset + TRACE_LENGTH)
  const span = pool.slice(offset + TRACE_LENGTH, offset + IDS_LENGTH)
  offset += IDS_LENGTH
  return `00-${trace}-${span}-01`
}
