import type { ForwardReason } from './message.ts'
import { isToken, serializeString } from './structured-fields.ts'

/** One cache's member of Cache-Status (RFC 9211 §2). */
export interface CacheStatus {
  readonly hit: boolean
  /** Why the request went on; only without a hit. */
  readonly forward?: ForwardReason | undefined
  /** The origin's status, where it differs from the one sent. */
  readonly forwardStatus?: number | undefined
  readonly stored?: boolean | undefined
  /** Joined another request: true where that one's response could be used. */
  readonly collapsed?: boolean | undefined
  /** Remaining freshness, negative when stale. */
  readonly ttlMs?: number | undefined
  readonly key?: string | undefined
  readonly detail?: string | undefined
}

/** Writes a Cache-Status member; the client's end of the list is its right end (§2): append it to what the origin sent. */
export function serializeCacheStatus(cache: string, status: CacheStatus): string {
  let text = isToken(cache) ? cache : serializeString(cache)
  if (status.hit) text += '; hit'
  else if (status.forward !== undefined) text += `; fwd=${status.forward}`
  if (status.forwardStatus !== undefined) text += `; fwd-status=${status.forwardStatus}`
  if (status.stored === true) text += '; stored'
  if (status.collapsed !== undefined) text += status.collapsed ? '; collapsed' : '; collapsed=?0'
  if (status.ttlMs !== undefined) text += `; ttl=${Math.floor(status.ttlMs / 1000)}`
  if (status.key !== undefined) text += `; key=${serializeString(status.key)}`
  if (status.detail !== undefined)
    text += `; detail=${isToken(status.detail) ? status.detail : serializeString(status.detail)}`
  return text
}
