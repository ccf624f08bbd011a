/**
 * The value of a Dictionary's member. Strings, Tokens, Byte Sequences and Display Strings are text; an Inner List is
 * `null`, because no cache directive has one. Parameters are checked and dropped.
 */
export type BareItem = boolean | number | string | null
export type Dictionary = ReadonlyMap<string, BareItem>

const KEY = /[a-z*][a-z0-9_\-.*]*/y
const SEPARATOR = /[ \t]*,[ \t]*(?!$)/y
const NUMBER = /-?(?:\d{1,12}\.\d{1,3}(?!\d)|\d{1,15}(?![\d.]))/y
const STRING = /"((?:[ !#-[\]-~]|\\["\\])*)"/y
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~\w:/]*/y
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y
const BOOLEAN = /\?([01])/y
const DATE = /@-?\d{1,15}(?![\d.])/y
const DISPLAY_STRING = /%"(?:[ !#-$&-~]|%[0-9a-f]{2})*"/y
const SPACES = / */y

/**
 * Parses a Dictionary (RFC 8941 §4.2.2, with the types that RFC 9651 adds), or undefined where the field as a whole is
 * invalid: structured fields are never read in part.
 */
export function parseDictionary(field: string): Dictionary | undefined {
  const reader = new Reader(field.replace(/^ +| +$/g, ''))
  const members = new Map<string, BareItem>()
  while (!reader.atEnd()) {
    const key = reader.take(KEY)?.[0]
    if (key === undefined) return undefined
    const value = reader.skip('=') ? member(reader) : true
    if (value === undefined || !parameters(reader)) return undefined
    // The last member of a key counts, in its place.
    members.delete(key)
    members.set(key, value)
    if (!reader.atEnd() && reader.take(SEPARATOR) === null) return undefined
  }
  return members
}

function member(reader: Reader): BareItem | undefined {
  return reader.skip('(') ? innerList(reader) : bareItem(reader)
}

function innerList(reader: Reader): null | undefined {
  for (;;) {
    const spaces = reader.take(SPACES)?.[0] ?? ''
    if (reader.skip(')')) return null
    if (spaces === '' && !reader.follows('(')) return undefined
    if (bareItem(reader) === undefined || !parameters(reader)) return undefined
  }
}

function parameters(reader: Reader): boolean {
  while (reader.skip(';')) {
    reader.take(SPACES)
    if (reader.take(KEY) === null) return false
    if (reader.skip('=') && bareItem(reader) === undefined) return false
  }
  return true
}

function bareItem(reader: Reader): BareItem | undefined {
  const number = reader.take(NUMBER)
  if (number !== null) return Number(number[0])
  const string = reader.take(STRING)
  if (string !== null) return (string[1] ?? '').replace(/\\(.)/g, '$1')
  const boolean = reader.take(BOOLEAN)
  if (boolean !== null) return boolean[1] === '1'
  return (reader.take(TOKEN) ?? reader.take(BYTES) ?? reader.take(DATE) ?? reader.take(DISPLAY_STRING))?.[0]
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** Whether the character just read is this one. */
  follows(character: string): boolean {
    return this.#text[this.#at - 1] === character
  }

  skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }
}

/** A String (RFC 8941 §3.3.3). What it cannot hold becomes `?`. */
export function serializeString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`
}

export function isToken(text: string): boolean {
  return /^[A-Za-z*][!#$%&'*+\-.^_`|~\w:/]*$/.test(text)
}
