/**
 * Strings as one string from which they can be read back: `2|4:host3:abc`. Lengths instead of separators, so that no
 * value, whatever it holds, can pass for two, and distinct tuples never meet in one key.
 */
export function tuple(parts: readonly string[]): string {
  let text = `${parts.length}|`
  for (const part of parts) text += `${part.length}:${part}`
  return text
}

/** Where the tuple at the start of `text` ends, or -1 where there is none. */
export function tupleEnd(text: string): number {
  const count = lengthAt(text, 0, '|')
  if (count === undefined) return -1
  let at = count.next
  for (let part = 0; part < count.value; part++) {
    const length = lengthAt(text, at, ':')
    if (length === undefined) return -1
    at = length.next + length.value
    if (at > text.length) return -1
  }
  return at
}

function lengthAt(text: string, from: number, end: string): { value: number; next: number } | undefined {
  const stop = text.indexOf(end, from)
  if (stop < 0 || stop - from > 10) return undefined
  const digits = text.slice(from, stop)
  return /^\d+$/.test(digits) ? { value: Number(digits), next: stop + 1 } : undefined
}
