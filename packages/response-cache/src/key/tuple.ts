/**
 * Strings as one string from which they can be read back: `2|4:host3:abc`. Lengths instead of separators, so that no
 * value, whatever it holds, can pass for two, and distinct tuples never meet in one key.
 */
export function tuple(parts: readonly string[]): string {
  let text = `${parts.length}|`
  for (const part of parts) text += `${part.length}:${part}`
  return text
}

/** A tuple at the start of a text. */
export interface Parsed {
  readonly parts: readonly string[]
  /** Where it ends. */
  readonly end: number
}

/** Undefined where the text does not start with a tuple. */
export function parseTuple(text: string): Parsed | undefined {
  const count = lengthAt(text, 0, '|')
  if (count === undefined) return undefined
  const parts: string[] = []
  let at = count.next
  while (parts.length < count.value) {
    const length = lengthAt(text, at, ':')
    if (length === undefined) return undefined
    at = length.next + length.value
    if (at > text.length) return undefined
    parts.push(text.slice(length.next, at))
  }
  return { parts, end: at }
}

function lengthAt(text: string, from: number, end: string): { value: number; next: number } | undefined {
  const stop = text.indexOf(end, from)
  if (stop < 0 || stop - from > 10) return undefined
  const digits = text.slice(from, stop)
  return /^\d+$/.test(digits) ? { value: Number(digits), next: stop + 1 } : undefined
}
