import { randomBytes } from 'node:crypto'

const VALID = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
/** Whether a `traceparent` may be passed on (W3C Trace Context §3.2.2). Version 00 has exactly four fields. */
export function isTraceparent(value: string | string[] | undefined): value is string {
  return typeof value === 'string' && VALID.test(value) && (value.length === 55 || !value.startsWith('00'))
}

const LENGTH = 55
const POOLED = 170
const IDS = /(.{32})(.{16})/g

/**
 * Roots to be handed out: one call of the system's generator serves many requests, and to cut a text out of another takes
 * less than to put one together.
 */
let pool = ''
let offset = 0

/** A new root: random trace and parent ids, sampled. */
export function newTraceparent(): string {
  if (offset === pool.length) {
    pool = randomBytes(24 * POOLED)
      .toString('hex')
      .replace(IDS, '00-$1-$2-01')
    offset = 0
  }
  offset += LENGTH
  return pool.slice(offset - LENGTH, offset)
}
