import { servableUntilMs } from './rules/facts.ts'
import type { StoredFacts, StoredResponse } from './rules/message.ts'

/** A stored response with its body, and what invalidation and early refresh need to know of it. Never changed. */
export interface CacheEntry {
  readonly response: StoredResponse
  readonly body: Buffer
  readonly tags: readonly string[]
  /** The latest invalidation that was known when its fetch began: only later ones concern it. */
  readonly stamp: number
  /** From then on it is of no use to anyone, neither fresh nor stale, epoch ms. */
  readonly keepUntilMs: number
  /** How long the origin took, ms. */
  readonly fetchMs: number
}

/** Until when a response is kept: while anyone may be given it, and stale for validation as long as the route says. */
export function keepUntilMs(facts: StoredFacts, keepStaleMs: number): number {
  return Math.max(servableUntilMs(facts), facts.freshUntilMs + keepStaleMs)
}

export function isNewer(entry: CacheEntry, than: CacheEntry | undefined): boolean {
  return than === undefined || entry.response.facts.receivedAtMs > than.response.facts.receivedAtMs
}

/** What an entry takes beside its bytes: objects, map slots, buffer headers. Measured, rounded up. */
const ENTRY_OVERHEAD_BYTES = 1024

/** What an entry takes in memory, bytes: the block in which its body lies, header fields and a key of that length. */
export function sizeOf(
  { body, response: { headers }, tags }: CacheEntry,
  keyLength: number,
  bodyBytes: number = body.buffer.byteLength,
): number {
  let bytes = ENTRY_OVERHEAD_BYTES + bodyBytes + 2 * keyLength
  for (const name in headers) {
    const value = headers[name]
    bytes += name.length + 32
    if (typeof value === 'string') bytes += value.length
    else for (const line of value ?? []) bytes += line.length + 16
  }
  for (const tag of tags) bytes += tag.length + 16
  return bytes
}

/** A block so much larger than the body in it costs less to keep than a copy to make. */
const SLACK_BYTES = 512

/**
 * The bytes in memory of their own. What a socket or `Buffer.concat` hands out may be a slice of a block many times as
 * large, which would live as long as the entry.
 */
export function ownBytes(body: Buffer): Buffer {
  if (body.buffer.byteLength - body.length <= SLACK_BYTES) return body
  const own = Buffer.allocUnsafeSlow(body.length)
  body.copy(own)
  return own
}
