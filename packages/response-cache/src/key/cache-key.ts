import type { CacheRequest } from '../rules/message.ts'
import { secondaryKey } from '../rules/vary.ts'
import { parseTuple, tuple } from './tuple.ts'

/** The parts of a key: `slot + selection + resource`. */
export interface KeyParts {
  readonly slot: string
  readonly selection: string
  readonly resource: string
}

const NO_SELECTION = tuple([''])

/** The values of the header fields that select among a resource's answers (RFC 9111 §4.1). */
export function selectionOf(names: readonly string[], request: CacheRequest): string {
  return names.length === 0 ? NO_SELECTION : tuple([secondaryKey(names, request)])
}

/** Slot and selection in one; the slot itself, and no new string, where nothing selects. */
export function placeOf(slot: string, selection: string): string {
  return selection === NO_SELECTION ? slot : slot + selection
}

/** Undefined where the text is not a key of ours. */
export function parseKey(key: string): KeyParts | undefined {
  const slotEnd = parseTuple(key)?.end
  if (slotEnd === undefined) return undefined
  const rest = key.slice(slotEnd)
  const selectionEnd = parseTuple(rest)?.end
  if (selectionEnd === undefined) return undefined
  return {
    slot: key.slice(0, slotEnd),
    selection: rest.slice(0, selectionEnd),
    resource: rest.slice(selectionEnd),
  }
}
