import { newToken } from './token.ts'

/**
 * What all entries of a resource have in common. An entry counts only under the epoch in which it was written, so that one
 * write makes all of them unreadable, whatever their number; and where the index is lost, nothing outlives it.
 */
export interface ResourceIndex {
  readonly epoch: string
  /** The same for soft invalidation: what was written under another value is stale; `''` before the first. */
  readonly soft: string
  /** It has been invalidated: a fetch that began when there was no index may be older than that. */
  readonly purged: boolean
  /** The header fields that select among the entries. */
  readonly vary: readonly string[]
}

/** `<epoch> <soft> <1: purged> <vary, separated by commas>`; neither tokens nor field names hold spaces or commas. */
const INDEX = /^([\w-]+) ([\w-]*) ([01]) ([^ ]*)$/
const NO_NAMES: readonly string[] = []

/** The index to write for an entry that these fields select: the one that is there, or a new one. */
export function indexWith(index: ResourceIndex | undefined, vary: readonly string[]): ResourceIndex {
  if (index === undefined) return { epoch: newToken(), soft: '', purged: false, vary }
  if (vary.every((name) => index.vary.includes(name))) return index
  return { ...index, vary: [...new Set([...index.vary, ...vary])].sort() }
}

/** Undefined for none, and for what is no index. */
export function parseIndex(text: string): ResourceIndex | undefined {
  const [, epoch, soft, purged, vary] = INDEX.exec(text) ?? []
  if (epoch === undefined || soft === undefined) return undefined
  return { epoch, soft, purged: purged === '1', vary: vary ? vary.split(',') : NO_NAMES }
}

export function formatIndex({ epoch, soft, purged, vary }: ResourceIndex): string {
  return `${epoch} ${soft} ${purged ? 1 : 0} ${vary.join(',')}`
}
