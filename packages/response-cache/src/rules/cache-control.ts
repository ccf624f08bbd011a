/** One directive of a Cache-Control field. */
export interface Directive {
  /** Lower case. */
  readonly name: string
  /** The argument, quotes and escapes removed; undefined where there is none. */
  readonly value: string | undefined
  /** The argument breaks the grammar (white space round `=`, an open quote): a number in it counts as invalid. */
  readonly malformed: boolean
}

const DIRECTIVE = /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/y
const EQUALS = /([ \t]*)=([ \t]*)/y
const QUOTED = /"((?:[^"\\]|\\.)*)"[ \t]*(?=,|$)/y
const UP_TO_COMMA = /[^,]*/y

/** delta-seconds larger than this mean "for ever" (RFC 9111 §1.2.2). */
export const FOREVER_SECONDS: number = 2 ** 31

/** A field longer than this, or with more directives, is not read but refused: `undefined`. */
const MAX_LENGTH = 8192
const MAX_DIRECTIVES = 128

/**
 * Reads a Cache-Control field (RFC 9111 §5.2) and throws at nothing. What breaks the grammar is passed over up to the
 * next comma; an open quote hides none of the directives behind it.
 */
export function parseCacheControl(field: string): Directive[] | undefined {
  if (field.length > MAX_LENGTH) return undefined
  const directives: Directive[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(field)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < field.length) {
    const name = take(DIRECTIVE)?.[1]?.toLowerCase()
    if (name !== undefined) {
      if (directives.length === MAX_DIRECTIVES) return undefined
      const equals = take(EQUALS)
      if (equals === null) directives.push({ name, value: undefined, malformed: false })
      else directives.push({ name, ...argument(equals[0] !== '=') })
    }
    take(UP_TO_COMMA)
    at += 1
  }
  return directives

  function argument(spaced: boolean): { value: string; malformed: boolean } {
    const quoted = take(QUOTED)
    if (quoted !== null) return { value: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), malformed: spaced }
    const value = (take(UP_TO_COMMA)?.[0] ?? '').trim()
    return { value, malformed: spaced || value.includes('"') }
  }
}

/** delta-seconds (RFC 9111 §1.2.2) of a directive; undefined where it is no such number. */
export function deltaSeconds({ value, malformed }: Directive): number | undefined {
  if (malformed || value === undefined || !/^\d+$/.test(value)) return undefined
  return Math.min(Number(value), FOREVER_SECONDS)
}
