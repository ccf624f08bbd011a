import { randomBytes } from 'node:crypto'

/**
 * What all entries of a resource have in common. An entry counts only under the epoch in which it was written, so that one
 * write makes all of them unreadable, whatever their number; and where the index is lost, nothing outlives it.
 */
export interface ResourceIndex {
  readonly epoch: string
  /** The same for soft invalidation: what was written under another value is stale. */
  readonly soft: string
  /** It has been invalidated: a fetch that began when there was no index may be older than that. */
  readonly purged: boolean
  /** The header fields that select among the entries. */
  readonly vary: readonly string[]
}

export function newEpoch(): string {
  return randomBytes(9).toString('base64url')
}

/** The index to write for an entry that these fields select: the one that is there, or a new one. */
export function indexWith(index: ResourceIndex | undefined, vary: readonly string[]): ResourceIndex {
  if (index === undefined) return { epoch: newEpoch(), soft: '', purged: false, vary }
  if (vary.every((name) => index.vary.includes(name))) return index
  return { ...index, vary: [...new Set([...index.vary, ...vary])].sort() }
}

/** Undefined for none, and for what is no index. */
export function parseIndex(text: string | null | undefined): ResourceIndex | undefined {
  if (text === null || text === undefined || text === '') return undefined
  try {
    const index = JSON.parse(text) as Partial<ResourceIndex>
    const { epoch, soft, vary, purged } = index
    if (typeof epoch !== 'string' || typeof soft !== 'string' || !Array.isArray(vary)) return undefined
    return { epoch, soft, vary, purged: purged === true }
  } catch {
    return undefined
  }
}

export function formatIndex({ epoch, soft, purged, vary }: ResourceIndex): string {
  return JSON.stringify({ epoch, soft, purged, vary })
}
