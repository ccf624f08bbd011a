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

/** What an entry takes in memory besides its body, bytes: header fields and a key of that length. */
export function sizeOfHead({ response: { headers }, tags }: CacheEntry, keyLength: number): number {
  let bytes = ENTRY_OVERHEAD_BYTES + 2 * keyLength
  for (const name in headers) {
    const value = headers[name]
    bytes += name.length + 32
    if (typeof value === 'string') bytes += value.length
    else for (const line of value ?? []) bytes += line.length + 16
  }
  for (const tag of tags) bytes += tag.length + 16
  return bytes
}
